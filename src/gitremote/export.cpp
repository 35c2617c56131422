#include "gitremote/export.h"

#include <algorithm>

#include "base/error.h"
#include "git/change.h"
#include "gitremote/alias_claim.h"
#include "prompt/prompt_file.h"

namespace regesta::gitremote {
namespace {

/// Letters that would end a name in a commit's header.
std::string plain(std::string_view text) {
  std::string kept;
  for (char c : text)
    if (static_cast<unsigned char>(c) > ' ' && c != '<' && c != '>') kept += c;
  return kept.empty() ? "unknown" : kept;
}

/// "user:anna" → Anna's commits are by "anna <anna@user.regesta>".
git::Person personOf(std::string_view actor, std::int64_t millis) {
  registry::ActorId id = registry::ActorId::read(actor);
  std::string name = plain(id.name);
  return {name, fmt::format("{}@{}.regesta", name, registry::kindName(id.kind)), millis / 1000, 0};
}

std::string bytesOf(const registry::Version& version) {
  prompt::PromptFile file{.name = version.asset.key.name,
                          .semver = version.semver,
                          .description = version.description,
                          .tags = version.tags};
  std::erase_if(file.tags, [](const auto& tag) { return tag.first.starts_with("git."); });
  try {
    file.prompt = prompt::parsePrompt(version.content);
    return prompt::writePromptFile(file);
  } catch (const Error&) {
    return version.content + "\n";  // made before there were rules for it: one odd version must not stop the others
  }
}

class Exporter {
 public:
  Exporter(git::Objects& objects, const RepositoryState& state) : objects_(objects), state_(state) {
    result_.main = state.main();
    if (!result_.main.isNone()) tree_ = objects.commit(result_.main).tree;
  }

  void add(const registry::Version& version) {
    VersionPlace place{version.asset.key.name, version.semver};
    std::string path = versionPath(place.name, place.semver);
    std::string title = fmt::format("{} {}", place.name, place.semver);
    if (!version.description.empty()) title += ": " + version.description;
    git::Id commit = this->commit(
        {{path, objects_.write(git::Type::blob, bytesOf(version), path)}},
        fmt::format("{}\n\nRegesta-Version: {}\nRegesta-Digest: sha256:{}\n", title, version.subject(), version.digest),
        version.createdBy, version.createdAt);
    result_.files.emplace_back(place, version.digest);
    std::string tag = versionTag(place.name, place.semver);
    if (state_.refs.contains(tag)) return;  // of a version that was deleted and created again: tags never move
    result_.tags.push_back({tag, {}, {commit, {}}});
  }

  void remove(const VersionPlace& place, std::int64_t now) {
    commit({{versionPath(place.name, place.semver), std::nullopt}},
           fmt::format("{} {} is deleted in the register\n", place.name, place.semver), "system:regesta", now);
    result_.gone.push_back(place);
  }

  void setAliases(const AliasesNow& now, std::int64_t otherwise) {
    std::string path = aliasesPath(now.name), title = now.name + ":";
    std::optional<git::Id> blob;
    if (!now.aliases.empty()) blob = objects_.write(git::Type::blob, writeAliases(now.aliases), path);
    for (const auto& [alias, semver] : now.aliases) title += fmt::format(" {} on {},", alias, semver);
    if (now.aliases.empty()) title += " no aliases,";
    title.back() = '\n';
    bool dated = now.movedAt != 0;
    commit({{path, blob}}, title, dated ? now.movedBy : "system:regesta", dated ? now.movedAt : otherwise);
    std::ranges::move(staleClaims(objects_, state_, now), std::back_inserter(result_.stale));
    result_.aliases.push_back(now);
  }

  Export take() { return std::move(result_); }

 private:
  git::Id commit(const std::map<std::string, std::optional<git::Id>>& files, std::string message,
                 std::string_view actor, std::int64_t millis) {
    git::Id edited = git::edit(objects_, tree_, files);
    if (edited == tree_) return result_.main;  // the file is there and says so already
    tree_ = edited;
    git::Commit commit{.tree = tree_, .author = personOf(actor, millis), .message = std::move(message)};
    commit.committer = commit.author;
    if (!result_.main.isNone()) commit.parents.push_back(result_.main);
    result_.main = objects_.write(git::Type::commit, git::writeCommit(commit));
    return result_.main;
  }

  git::Objects& objects_;
  const RepositoryState& state_;
  git::Id tree_;
  Export result_;
};

}  // namespace

Export exportBacklog(git::Objects& objects, const RepositoryState& state, const Backlog& backlog, std::int64_t now) {
  Exporter exporter(objects, state);
  // Both lists are in order of time; a version that came with an alias comes first.
  std::vector<const AliasesNow*> moves;
  for (const AliasesNow& one : backlog.aliases) moves.push_back(&one);
  auto when = [&](const AliasesNow* one) { return one->movedAt != 0 ? one->movedAt : now; };
  std::ranges::sort(moves, [&](const AliasesNow* a, const AliasesNow* b) {
    return std::pair(when(a), std::string_view(a->name)) < std::pair(when(b), std::string_view(b->name));
  });
  auto move = moves.begin();
  for (const registry::Version& version : backlog.versions) {
    for (; move != moves.end() && when(*move) < version.createdAt; ++move) exporter.setAliases(**move, now);
    exporter.add(version);
  }
  for (; move != moves.end(); ++move) exporter.setAliases(**move, now);
  for (const VersionPlace& place : backlog.gone) exporter.remove(place, now);
  return exporter.take();
}

}  // namespace regesta::gitremote
