#include "gitremote/push_check.h"

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/limits.h"
#include "base/name.h"
#include "base/text.h"
#include "delivery/register.h"
#include "git/ref_name.h"
#include "git/walk.h"
#include "gitremote/alias_claim.h"
#include "gitremote/fault.h"
#include "gitremote/ref_claim.h"

namespace regesta::gitremote {
namespace {

class Checker {
 public:
  Checker(registry::Store& store, const git::Objects& objects, const access::Identity& identity,
          const RepositoryState& state, const Push& push)
      : store_(store), objects_(objects), identity_(identity), state_(state), push_(push) {
    mainAfter_ = state.main();
  }

  CheckedPush run() {
    // main is checked first, because tags refer to its new content.
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
    if (!git::isRefName(ref.name)) throw Error(Code::invalid, "this is not a valid ref name");
    if (ref.from.isNone())
      for (std::string_view part : split(ref.name, '/'))
        if (std::string_view fault = nameFault(part); !fault.empty())
          throw error(Code::invalid, "the name of the ref {}", fault);
    if (!names_.insert(ref.name).second) throw Error(Code::invalid, "is pushed twice");
    bool branch = ref.name.starts_with("refs/heads/"), tag = ref.name.starts_with("refs/tags/");
    if (!branch && !tag) throw Error(Code::invalid, "only branches (refs/heads/) and tags (refs/tags/) are stored");
    if (ref.from != state_.ref(ref.name)) throw Error(Code::conflict, "fetch first");
    if (ref.from.isNone() && ref.to.isNone()) throw Error(Code::notFound, "the ref does not exist");
    if (state_.refs.size() + push_.refs.size() > limits::gitRefs)
      throw error(Code::tooLarge, "a repository has at most {} refs", limits::gitRefs);
    if (!ref.to.isNone() && ref.name != mainBranch && !parseVersionTag(ref.name) && !parseAliasTag(ref.name))
      refuseClaim(ref.name);
    if (tag)
      checkTag(ref);
    else
      checkBranch(ref);
  }

  /// Only the tag that moves an alias may look as if it pointed to a version.
  void refuseClaim(const std::string& ref) const {
    std::string claim =
        store_.read([&](db::Transaction& transaction) { return claimReadInto(transaction, state_.workspace, ref); });
    if (claim.empty()) return;
    if (claim.find('#') == std::string::npos)
      throw error(Code::refused, "this name reads as the version {}, whose tag is {} alone; choose another name", claim,
                  claim);
    throw error(Code::refused,
                "this name reads as the alias {}, which a push moves with the tag {} alone; choose another name", claim,
                claim);
  }

  void checkBranch(const PushedRef& ref) {
    bool isMain = ref.name == mainBranch;
    if (ref.to.isNone()) {
      if (isMain) throw Error(Code::refused, "main has the registered versions and cannot be deleted");
      return;
    }
    if (objects_.typeOf(ref.to) != git::Type::commit) throw Error(Code::invalid, "a branch must point to a commit");
    if (isMain) {
      if (!ref.from.isNone() && !git::isAncestor(objects_, ref.from, ref.to))
        throw Error(Code::refused, "non-fast-forward: main has the registered versions and is never rewritten");
      checked_.plan = planBranch(store_, objects_, identity_, {state_.workspace, ref.from, ref.to});
      if (!checked_.plan.faults.empty()) throw Error(Code::refused, "the files break rules, see above");
    } else {
      draft(ref);
    }
  }

  /// A branch is a draft: what main would refuse is only reported.
  void draft(const PushedRef& ref) {
    git::Id base = ref.from.isNone() ? state_.main() : ref.from;
    Plan plan = planBranch(store_, objects_, identity_, {state_.workspace, base, ref.to});
    for (const PlannedVersion& version : plan.versions) {
      std::ranges::move(lintLines(version.path, version.file, false), std::back_inserter(plan.notes));
      if (std::string why = refusalOf(version, plan); !why.empty())
        plan.notes.push_back(fmt::format("{}: {}", version.path, why));
    }
    for (std::vector<std::string>* lines : {&plan.faults, &plan.notes})
      for (std::string& line : *lines) checked_.plan.notes.push_back("warning: " + std::move(line));
    if (state_.main().isNone() && mainAfter_.isNone())
      checked_.plan.notes.push_back(
          "note: this branch is a draft; what is registered is on main: git push origin HEAD:main");
  }

  /// What main would say against a version of a draft beyond lint: a SemVer too low or taken, a partial that is not
  /// there.
  std::string refusalOf(const PlannedVersion& version, const Plan& plan) const {
    // What comes with the same draft cannot be looked up yet.
    for (const prompt::PartialUse& use : prompt::partialsOf(version.file.prompt))
      for (const PlannedVersion& other : plan.versions)
        if (other.place.name == use.name) return {};
    try {
      registry::AssetKey key{state_.workspace, registry::Kind::prompt, version.place.name};
      delivery::NewPrompt fresh{.prompt = version.file.prompt, .version = {.semver = version.place.semver}};
      return store_
          .read([&](db::Transaction& transaction) { return delivery::planPrompt(transaction, identity_, key, fresh); })
          .refusal;
    } catch (const Error& fault) {
      if (isOurs(fault)) throw;
      return fault.message;
    }
  }

  void checkTag(const PushedRef& ref) {
    auto version = parseVersionTag(ref.name);
    if (ref.to.isNone()) {
      if (version) throw Error(Code::refused, "the tag of a registered version stays");
      requireWrite("*");
      return;
    }
    std::optional<git::Id> commit = objects_.peel(ref.to);
    if (!commit) throw Error(Code::invalid, "a tag must point to a commit");
    if (*commit != ref.to) checked_.moves.back().to.peeled = *commit;
    if (version)
      checkVersionTag(ref, *version, *commit);
    else if (auto alias = parseAliasTag(ref.name))
      checkAliasTag(ref, *alias, *commit);
    else if (claimsSomething(ref.name))
      throw Error(Code::invalid,
                  "a tag with '#' moves an alias and one with '@v' names a version: NAME#ALIAS, NAME@v1.2.0");
    else
      requireWrite("*");
  }

  void checkVersionTag(const PushedRef& ref, const VersionPlace& place, const git::Id& commit) {
    requireWrite(place.name);
    std::string path = versionPath(place.name, place.semver);
    auto onMain = mainAfter_.isNone() ? std::nullopt : git::fileAt(objects_, objects_.commit(mainAfter_).tree, path);
    if (!onMain) throw error(Code::refused, "{} is not on main, so there is no version to tag", path);
    if (git::fileAt(objects_, objects_.commit(commit).tree, path) != onMain)
      throw error(Code::refused, "the commit's {} is not the one on main", path);
    checked_.versionTags.emplace_back(place, ref.to);
  }

  void checkAliasTag(const PushedRef& ref, const AliasTag& tag, const git::Id& commit) {
    requireWrite(tag.name);
    RequestedAlias wish{tag.name, tag.alias, "", ref.name};
    if (!tag.remove) {
      wish.semver = claimed(tag.name, commit);
      if (wish.semver.empty()) throw error(Code::refused, "the commit has no version of '{}'", tag.name);
    }
    checked_.plan.requestedAliases.push_back(std::move(wish));
    checked_.claims.insert(ref.name);
  }

  std::string claimed(const std::string& name, const git::Id& commit) const {
    return claimedVersion(objects_, name, commit, [&](const RefCommit& visit) {
      for (const auto& [ref, to] : state_.refs) visit(ref, to.peeled.isNone() ? to.target : to.peeled);
      for (const PushedRef& ref : push_.refs)
        if (!ref.to.isNone()) visit(ref.name, objects_.peel(ref.to).value_or(git::Id{}));
    });
  }

  void requireWrite(const std::string& name) const { identity_.require(access::Verb::write, state_.workspace, name); }

  registry::Store& store_;
  const git::Objects& objects_;
  const access::Identity& identity_;
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

CheckedPush checkPush(registry::Store& store, const git::Objects& objects, const access::Identity& identity,
                      const RepositoryState& state, const Push& push) {
  return Checker(store, objects, identity, state, push).run();
}

}  // namespace regesta::gitremote
