#include "gitremote/plan.h"

#include "base/error.h"
#include "crypto/hash.h"
#include "gitremote/fault.h"
#include "gitremote/origin.h"

namespace regesta::gitremote {
namespace {

using access::Verb;

class Planner {
 public:
  Planner(registry::Store& store, const git::Objects& objects, const access::Identity& identity, const Branch& branch)
      : store_(store), objects_(objects), identity_(identity), branch_(branch) {}

  Plan run() {
    git::Id before = branch_.before.isNone() ? git::Id{} : objects_.commit(branch_.before).tree;
    std::vector<git::FileChange> changes = git::changesBetween(objects_, before, objects_.commit(branch_.after).tree);
    origins_ = originsOf(objects_, branch_.before, branch_.after, changes);
    for (const git::FileChange& change : changes) {
      try {
        file(change);
      } catch (const Error& fault) {
        if (isOurs(fault)) throw;
        plan_.faults.push_back(fault.message);
      }
    }
    return std::move(plan_);
  }

 private:
  void file(const git::FileChange& change) {
    requireWrite(change.path);
    if (auto place = parseVersionPath(change.path))
      versionFile(change, *place);
    else if (auto name = parseAliasesPath(change.path))
      aliasesFile(change, *name);
  }

  void requireWrite(const std::string& path) {
    std::string name = promptOfPath(path).value_or("*");
    if (!identity_.may(Verb::write, branch_.workspace, name))
      throw error(Code::denied, "{}: you may not change {}", path,
                  name == "*" ? "files outside of the prompts' folders: that needs the role contributor on every name"
                              : "prompt '" + name + "': that needs the role contributor on it");
  }

  std::optional<registry::Version> registered(const VersionPlace& place) {
    return store_.read([&](db::Transaction& transaction) -> std::optional<registry::Version> {
      db::Rows rows = transaction.query(
          "SELECT v.number FROM asset a JOIN version v ON v.asset = a.id WHERE a.workspace = $1 AND "
          "a.kind = 'prompt' AND a.name = $2 AND v.semver = $3 AND v.deleted = 0",
          {branch_.workspace, place.name, place.semver});
      if (!rows.next()) return std::nullopt;
      return registry::findVersion(transaction, {branch_.workspace, registry::Kind::prompt, place.name},
                                   rows.integer(0));
    });
  }

  void versionFile(const git::FileChange& change, const VersionPlace& place) {
    std::optional<registry::Version> version = registered(place);
    if (!change.after) {
      if (version)
        throw error(Code::refused,
                    "{}: version {} is registered; run `regesta version delete prompt/{}@{}`, and its file is removed "
                    "with the next fetch",
                    change.path, place.semver, place.name, place.semver);
      plan_.dropped.push_back(place);
      return;
    }
    // By the name as people know it: in the path, letters may be escaped.
    std::string plainPath = fmt::format("prompts/{}/v{}.md", place.name, place.semver);
    prompt::PromptFile file = prompt::parsePromptFile(plainPath, objects_.blob(*change.after));
    if (file.name != place.name)
      throw error(Code::invalid, "{}: is in the folder of '{}', but calls itself '{}'", change.path, place.name,
                  file.name);
    if (file.semver != place.semver) throw error(Code::invalid, "{}: says version {}", change.path, file.semver);
    if (!file.aliases.empty())
      plan_.notes.push_back(fmt::format("{}: aliases in a version file move nothing; write them into {}", change.path,
                                        aliasesPath(place.name)));
    if (!version) {
      plan_.versions.push_back({place, change.path, origins_.at(change.path), std::move(file)});
      return;
    }
    if (sayTheSame(*version, file.prompt))
      plan_.restyled.emplace_back(place, version->digest);
    else
      throw error(Code::refused,
                  "{}: version {} is registered and never changes; restore this file and put the new text into a new "
                  "file, such as {}",
                  change.path, place.semver, versionPath(place.name, "X.Y.Z"));
  }

  /// Partials are pinned when a version is registered, so the file does not have them.
  static bool sayTheSame(const registry::Version& version, prompt::Prompt prompt) {
    prompt::Prompt known = prompt::parsePrompt(version.content);
    prompt.partials = known.partials;
    return prompt::canonicalPrompt(prompt) == prompt::canonicalPrompt(known);
  }

  Aliases read(const std::string& path, const std::optional<git::Id>& blob) {
    return blob ? parseAliases(path, objects_.blob(*blob)) : Aliases{};
  }

  void aliasesFile(const git::FileChange& change, const std::string& name) {
    Aliases before;
    try {
      before = read(change.path, change.before);
    } catch (const Invalid&) {  // came before it was checked: everything in the new one is new
    }
    Aliases after = read(change.path, change.after);
    for (const auto& [alias, semver] : after)
      if (auto old = before.find(alias); old == before.end() || old->second != semver)
        plan_.requestedAliases.push_back({name, alias, semver, change.path});
    for (const auto& [alias, semver] : before)
      if (!after.contains(alias)) plan_.requestedAliases.push_back({name, alias, "", change.path});
    plan_.aliasFiles[name] = std::move(after);
  }

  registry::Store& store_;
  const git::Objects& objects_;
  const access::Identity& identity_;
  const Branch& branch_;
  std::map<std::string, git::Id> origins_;
  Plan plan_;
};

}  // namespace

std::string problemLine(const std::string& path, const prompt::PromptFile& file, const prompt::Problem& problem) {
  std::size_t line = prompt::fileLine(file, problem);
  return line == 0 ? fmt::format("{}: {}", path, problem.message)
                   : fmt::format("{}:{}: {}", path, line, problem.message);
}

std::vector<std::string> lintLines(const std::string& path, const prompt::PromptFile& file, bool errorsOnly) {
  std::vector<std::string> lines;
  for (const prompt::Problem& problem : prompt::lint(file.prompt))
    if (!errorsOnly || problem.severity == prompt::Severity::error) lines.push_back(problemLine(path, file, problem));
  return lines;
}

Plan planBranch(registry::Store& store, const git::Objects& objects, const access::Identity& identity,
                const Branch& branch) {
  return Planner(store, objects, identity, branch).run();
}

}  // namespace regesta::gitremote
