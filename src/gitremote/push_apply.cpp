#include "gitremote/push_apply.h"

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/semver.h"
#include "delivery/register.h"
#include "gitremote/fault.h"
#include "gitremote/origin.h"

namespace regesta::gitremote {
namespace {

constexpr std::size_t refsInEntry = 100;

bool earlier(const PlannedVersion* a, const PlannedVersion* b) {
  if (a->place.name != b->place.name) return a->place.name < b->place.name;
  return *SemVer::parse(a->place.semver) < *SemVer::parse(b->place.semver);
}

json::array refsOf(const std::vector<RefMove>& moves) {
  json::array refs;
  for (const RefMove& move : moves)
    if (refs.size() < refsInEntry)
      refs.push_back(json::object{{"name", move.name}, {"from", move.from.str()}, {"to", move.to.target.str()}});
  return refs;
}

class Application {
 public:
  Application(registry::Change& change, const access::Identity& author, const git::Objects& objects,
              const RepositoryState& state, const CheckedPush& checked)
      : change_(change), author_(author), objects_(objects), state_(state), checked_(checked) {
    for (const RefMove& move : checked.moves)
      if (!checked.claims.contains(move.name)) moves_.push_back(move);
  }

  std::vector<std::string> run(const PushPack& pack) {
    registerVersions();
    if (!faults_.empty()) throw PushRejected{std::move(faults_)};
    try {
      for (const RefMove& move : moves_) moveRef(change_, state_.workspace, move);
    } catch (const Error& fault) {
      if (fault.code != Code::conflict) throw;
      throw PushRejected{};
    }
    tagVersions();
    noteMain();
    if (!pack.digest.empty()) addPack(change_, state_.workspace, pack.digest, pack.size, pack.objects);
    record(pack);
    return std::move(lines_);
  }

 private:
  /// One may be part of another, whatever their names: those that fail are tried again while others succeed.
  void registerVersions() {
    std::vector<const PlannedVersion*> todo;
    for (const PlannedVersion& version : checked_.plan.versions) todo.push_back(&version);
    std::ranges::sort(todo, earlier);
    for (bool progress = true; progress && !todo.empty();) {
      progress = false;
      faults_.clear();
      std::vector<const PlannedVersion*> failed;
      std::set<std::string> blocked;  // the next version of a prompt waits for the one before it
      for (const PlannedVersion* version : todo) {
        if (!blocked.contains(version->place.name) && tryOne(*version)) {
          progress = true;
        } else {
          failed.push_back(version);
          blocked.insert(version->place.name);
        }
      }
      todo = std::move(failed);
    }
  }

  bool tryOne(const PlannedVersion& planned) {
    try {
      make(planned);
      return true;
    } catch (const delivery::LintRefusal&) {
      std::ranges::move(lintLines(planned.path, planned.file, true), std::back_inserter(faults_));
      return false;
    } catch (const Error& fault) {
      if (isOurs(fault) || fault.code == Code::conflict) throw;
      faults_.push_back(fault.message.starts_with(planned.path) ? fault.message
                                                                : fmt::format("{}: {}", planned.path, fault.message));
      return false;
    }
  }

  void make(const PlannedVersion& planned) {
    registry::AssetKey key{state_.workspace, registry::Kind::prompt, planned.place.name};
    auto asset = registry::findAsset(change_.transaction, key);
    if (!asset) asset = registry::createAsset(change_, key, "", {});
    delivery::NewPrompt fresh{planned.file.prompt, {}};
    fresh.version.semver = planned.place.semver;
    fresh.version.description =
        planned.file.description.empty() ? messageOf(objects_, planned.commit) : planned.file.description;
    fresh.version.origin = provenance(objects_, planned.commit);
    fresh.version.tags = planned.file.tags;
    delivery::Registered made = delivery::registerPrompt(change_, author_, *asset, fresh);
    if (!made.created && made.version.semver != planned.place.semver)
      throw error(Code::invalid, "{}: is identical to version {}; unchanged content creates no version", planned.path,
                  made.version.semver);
    made_.push_back(made.version);
    for (const prompt::Problem& problem : made.problems)
      lines_.push_back("warning: " + problemLine(planned.path, planned.file, problem));
    std::string why;
    for (const prompt::BumpReason& reason : made.bump.reasons) why += (why.empty() ? ": " : "; ") + reason.what;
    bool first = made.bump.reasons.empty();
    lines_.push_back(fmt::format("registered {} {}{}{}", planned.place.name, made.version.semver,
                                 first ? "" : fmt::format(" ({}{})", prompt::bumpName(made.bump.bump), why), ""));
    origins_.emplace_back(planned.place, planned.commit);
  }

  /// Every version has its tag: the one that came with the push, else one that we make.
  void tagVersions() {
    std::set<std::string> pushed;
    for (const RefMove& move : moves_) pushed.insert(move.name);
    for (const auto& [place, commit] : origins_) {
      std::string tag = versionTag(place.name, place.semver);
      if (!pushed.contains(tag) && !state_.refs.contains(tag))
        moveRef(change_, state_.workspace, {tag, {}, {commit, {}}});
    }
    for (const auto& [place, target] : checked_.versionTags) {
      registry::AssetKey key{state_.workspace, registry::Kind::prompt, place.name};
      registry::Version version = registry::resolveVersion(change_.transaction, key, place.semver);
      registry::noteOrigin(change_, version, tagProvenance(objects_, target));
    }
  }

  void noteMain() {
    const Plan& plan = checked_.plan;
    for (const registry::Version& version : made_)
      noteFile(change_.transaction, state_.workspace, {version.asset.key.name, version.semver}, version.digest);
    for (const auto& [place, digest] : plan.restyled) noteFile(change_.transaction, state_.workspace, place, digest);
    for (const VersionPlace& place : plan.dropped) forgetFile(change_.transaction, state_.workspace, place);
    for (const auto& [name, aliases] : plan.aliasFiles)
      noteAliases(change_.transaction, state_.workspace, name, aliases);
  }

  void record(const PushPack& pack) {
    json::array versions;
    for (const registry::Version& version : made_)
      if (versions.size() < refsInEntry) versions.emplace_back(version.subject());
    change_.record(registry::Action::gitPushed, state_.workspace, "git/" + repositoryName(state_.workspace),
                   {{"pack", pack.digest},
                    {"ref_count", moves_.size()},
                    {"refs", refsOf(moves_)},
                    {"version_count", made_.size()},
                    {"versions", std::move(versions)}});
  }

  registry::Change& change_;
  const access::Identity& author_;
  const git::Objects& objects_;
  const RepositoryState& state_;
  const CheckedPush& checked_;
  std::vector<RefMove> moves_;
  std::vector<registry::Version> made_;
  std::vector<std::pair<VersionPlace, git::Id>> origins_;
  std::vector<std::string> lines_, faults_;
};

}  // namespace

std::vector<std::string> applyPush(registry::Change& change, const access::Identity& author,
                                   const git::Objects& objects, const RepositoryState& state,
                                   const CheckedPush& checked, const PushPack& pack) {
  return Application(change, author, objects, state, checked).run(pack);
}

void applyClaims(registry::Change& change, std::string_view workspace, const std::vector<RefMove>& claims) {
  for (const RefMove& move : claims) moveRef(change, workspace, move);
  change.record(registry::Action::gitPushed, std::string(workspace), "git/" + repositoryName(workspace),
                {{"pack", ""},
                 {"ref_count", claims.size()},
                 {"refs", refsOf(claims)},
                 {"version_count", 0},
                 {"versions", json::array()}});
}

}  // namespace regesta::gitremote
