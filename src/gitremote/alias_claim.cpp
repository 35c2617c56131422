#include "gitremote/alias_claim.h"

#include "base/semver.h"
#include "git/change.h"
#include "git/walk.h"

namespace regesta::gitremote {
namespace {

git::Id commitOf(const Ref& ref) { return ref.peeled.isNone() ? ref.target : ref.peeled; }

void raise(std::optional<SemVer>& highest, const VersionPlace& place) {
  if (auto semver = SemVer::parse(place.semver); !highest || *semver > *highest) highest = semver;
}

}  // namespace

std::string claimedVersion(const git::Objects& objects, const std::string& name, const git::Id& commit,
                           const std::function<void(const RefCommit&)>& eachRef) {
  std::optional<SemVer> highest;
  eachRef([&](const std::string& ref, const git::Id& at) {
    auto place = at == commit ? parseVersionTag(ref) : std::nullopt;
    if (place && place->name == name) raise(highest, *place);
  });
  if (highest) return highest->str();
  for (const git::FileChange& file : git::changesBetween(objects, {}, objects.commit(commit).tree)) {
    if (promptOfPath(file.path) != name) continue;
    if (auto place = parseVersionPath(file.path)) raise(highest, *place);
  }
  return highest ? highest->str() : "";
}

std::vector<RefMove> staleClaims(const git::Objects& objects, const RepositoryState& state, const AliasesNow& now) {
  std::vector<RefMove> stale;
  auto eachRef = [&](const RefCommit& visit) {
    for (const auto& [name, ref] : state.refs) visit(name, commitOf(ref));
  };
  for (const auto& [name, ref] : state.refs) {
    auto tag = parseAliasTag(name);
    if (!tag || tag->name != now.name || tag->remove || tag->counted) continue;
    auto holds = now.aliases.find(tag->alias);
    bool agrees =
        holds != now.aliases.end() && claimedVersion(objects, now.name, commitOf(ref), eachRef) == holds->second;
    if (!agrees) stale.push_back({name, ref.target, {}});
  }
  return stale;
}

}  // namespace regesta::gitremote
