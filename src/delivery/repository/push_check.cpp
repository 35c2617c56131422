#include "delivery/repository/push_check.h"

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/limits.h"
#include "base/semver.h"
#include "delivery/repository/fault.h"
#include "git/ref_name.h"
#include "git/walk.h"

namespace regesta::delivery {
namespace {

class Checker {
 public:
  Checker(registry::Store& store, const git::Objects& objects, const governance::Identity& identity,
          const RepositoryState& state, const Push& push)
      : store_(store), objects_(objects), identity_(identity), state_(state), push_(push) {
    mainAfter_ = state.main();
  }

  CheckedPush run() {
    // main goes first: tags are about what it says afterwards.
    for (const PushedRef& ref : push_.refs)
      if (ref.name == mainBranch && !ref.to.isNone() && objects_.typeOf(ref.to) == git::Type::commit)
        mainAfter_ = ref.to;
    for (const PushedRef& ref : push_.refs) {
      checked_.moves.push_back({ref.name, ref.from, {ref.to, {}}});
      checked_.faults.emplace_back();
      try {
        check(ref);
      } catch (const Error& fault) {
        if (isOurs(fault)) throw;
        checked_.faults.back() = fault.message;
      }
    }
    return std::move(checked_);
  }

 private:
  void check(const PushedRef& ref) {
    if (!git::isRefName(ref.name)) throw Error(Code::invalid, "this is no name for a ref");
    if (!names_.insert(ref.name).second) throw Error(Code::invalid, "is pushed twice");
    bool branch = ref.name.starts_with("refs/heads/"), tag = ref.name.starts_with("refs/tags/");
    if (!branch && !tag) throw Error(Code::invalid, "only branches (refs/heads/) and tags (refs/tags/) are kept here");
    if (ref.from != state_.ref(ref.name)) throw Error(Code::conflict, "fetch first");
    if (ref.from.isNone() && ref.to.isNone()) throw Error(Code::notFound, "there is no such ref");
    if (state_.refs.size() + push_.refs.size() > limits::gitRefs)
      throw error(Code::tooLarge, "a repository keeps at most {} refs", limits::gitRefs);
    if (tag)
      checkTag(ref);
    else
      checkBranch(ref);
  }

  void checkBranch(const PushedRef& ref) {
    bool isMain = ref.name == mainBranch;
    if (ref.to.isNone()) {
      if (isMain) throw Error(Code::refused, "main holds what is registered and cannot be deleted");
      return;
    }
    if (objects_.typeOf(ref.to) != git::Type::commit) throw Error(Code::invalid, "a branch stands on a commit");
    if (isMain) {
      if (!ref.from.isNone() && !git::isAncestor(objects_, ref.from, ref.to))
        throw Error(Code::refused, "non-fast-forward: main holds what is registered and is never rewritten");
      checked_.plan = planBranch(store_, objects_, identity_, {state_.workspace, ref.from, ref.to});
      if (!checked_.plan.faults.empty()) throw Error(Code::refused, "the files break rules, see above");
    } else {
      draft(ref);
    }
  }

  /// A branch is a draft: what would be refused on main is said, and stands in nobody's way.
  void draft(const PushedRef& ref) {
    git::Id base = ref.from.isNone() ? state_.main() : ref.from;
    Plan plan = planBranch(store_, objects_, identity_, {state_.workspace, base, ref.to});
    for (const PlannedVersion& version : plan.versions)
      std::ranges::move(lintLines(version.path, version.file, false), std::back_inserter(plan.notes));
    for (std::vector<std::string>* lines : {&plan.faults, &plan.notes})
      for (std::string& line : *lines) checked_.plan.notes.push_back("warning: " + std::move(line));
    if (state_.main().isNone() && mainAfter_.isNone())
      checked_.plan.notes.push_back(
          "note: this branch is a draft; what is registered is on main: git push origin HEAD:main");
  }

  void checkTag(const PushedRef& ref) {
    auto version = parseVersionTag(ref.name);
    if (ref.to.isNone()) {
      if (version) throw Error(Code::refused, "the tag of a registered version stays");
      requireLeave("*");
      return;
    }
    std::optional<git::Id> commit = objects_.peel(ref.to);
    if (!commit) throw Error(Code::invalid, "a tag stands for a commit");
    if (*commit != ref.to) checked_.moves.back().to.peeled = *commit;
    if (version)
      checkVersionTag(ref, *version, *commit);
    else if (auto alias = parseAliasTag(ref.name))
      checkAliasTag(ref, *alias, *commit);
    else
      requireLeave("*");
  }

  void checkVersionTag(const PushedRef& ref, const VersionPlace& place, const git::Id& commit) {
    requireLeave(place.name);
    std::string path = versionPath(place.name, place.semver);
    auto onMain = mainAfter_.isNone() ? std::nullopt : git::fileAt(objects_, objects_.commit(mainAfter_).tree, path);
    if (!onMain) throw error(Code::refused, "{} is not on main, so there is no version to tag", path);
    if (git::fileAt(objects_, objects_.commit(commit).tree, path) != onMain)
      throw error(Code::refused, "the commit's {} is not the one on main", path);
    checked_.versionTags.emplace_back(place, ref.to);
  }

  /// GTO gives a stage to the version that is tagged on that commit; without such a tag, the newest file in it.
  void checkAliasTag(const PushedRef& ref, const AliasTag& tag, const git::Id& commit) {
    requireLeave(tag.name);
    AliasWish wish{tag.name, tag.alias, "", ref.name};
    if (!tag.remove) {
      wish.semver = taggedVersion(tag.name, commit);
      if (wish.semver.empty()) wish.semver = newestFile(tag.name, commit);
      if (wish.semver.empty()) throw error(Code::refused, "the commit holds no version of '{}'", tag.name);
    }
    checked_.plan.wishes.push_back(std::move(wish));
  }

  std::string taggedVersion(const std::string& name, const git::Id& commit) const {
    std::optional<SemVer> highest;
    auto look = [&](const std::string& ref, const git::Id& at) {
      auto place = parseVersionTag(ref);
      if (!place || place->name != name || at != commit) return;
      if (auto semver = SemVer::parse(place->semver); !highest || *semver > *highest) highest = semver;
    };
    for (const auto& [ref, to] : state_.refs) look(ref, to.peeled.isNone() ? to.target : to.peeled);
    for (const PushedRef& ref : push_.refs)
      if (parseVersionTag(ref.name) && !ref.to.isNone()) look(ref.name, objects_.peel(ref.to).value_or(git::Id{}));
    return highest ? highest->str() : "";
  }

  std::string newestFile(const std::string& name, const git::Id& commit) const {
    std::optional<SemVer> highest;
    for (const git::FileChange& file : git::changesBetween(objects_, {}, objects_.commit(commit).tree)) {
      if (promptOfPath(file.path) != name) continue;
      auto place = parseVersionPath(file.path);
      if (!place) continue;
      if (auto semver = SemVer::parse(place->semver); !highest || *semver > *highest) highest = semver;
    }
    return highest ? highest->str() : "";
  }

  void requireLeave(const std::string& name) const {
    identity_.require(governance::Verb::write, state_.workspace, name);
  }

  registry::Store& store_;
  const git::Objects& objects_;
  const governance::Identity& identity_;
  const RepositoryState& state_;
  const Push& push_;
  git::Id mainAfter_;
  std::set<std::string> names_;
  CheckedPush checked_;
};

}  // namespace

bool CheckedPush::refused() const {
  return std::ranges::any_of(faults, [](const std::string& fault) { return !fault.empty(); });
}

CheckedPush checkPush(registry::Store& store, const git::Objects& objects, const governance::Identity& identity,
                      const RepositoryState& state, const Push& push) {
  return Checker(store, objects, identity, state, push).run();
}

}  // namespace regesta::delivery
