#include "delivery/register.h"

#include <algorithm>

#include "base/error.h"
#include "base/semver.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "evaluation/evaluation.h"
#include "prompt/compose.h"

namespace regesta::delivery {
namespace {

using registry::Version;

/// A SemVer that a version of the asset has, or had: numbers are never used twice.
struct Taken {
  SemVer semver;
  std::int64_t number = 0;
  bool deleted = false;
};

std::vector<Taken> semversInUse(db::Transaction& transaction, const registry::Asset& asset) {
  std::vector<Taken> taken;
  db::Rows rows = transaction.query(
      "SELECT semver, number, deleted FROM version WHERE asset = $1 AND semver IS NOT NULL", {asset.id});
  while (rows.next())
    if (auto semver = SemVer::parse(rows.view(0)))
      taken.push_back({*std::move(semver), rows.integer(1), rows.integer(2) != 0});
  std::ranges::sort(taken, [](const Taken& a, const Taken& b) { return a.semver < b.semver; });
  return taken;
}

SemVer release(SemVer semver) {
  semver.prerelease.clear();
  semver.build.clear();
  return semver;
}

SemVer raised(const SemVer& from, prompt::Bump bump) {
  switch (bump) {
    case prompt::Bump::major:
      return {from.major + 1, 0, 0, "", ""};
    case prompt::Bump::minor:
      return {from.major, from.minor + 1, 0, "", ""};
    default:
      return {from.major, from.minor, from.patch + 1, "", ""};
  }
}

/// Finds the SemVer of a version about to be made, and what it rests on.
class Numbering {
 public:
  Numbering(db::Transaction& transaction, const registry::AssetKey& key, std::vector<Taken> taken, std::string wish)
      : transaction_(transaction), key_(key), taken_(std::move(taken)), wish_(std::move(wish)) {
    if (wish_.empty()) return;
    asked_ = SemVer::parse(wish_);
    if (!asked_) throw Invalid("semver", "must be a Semantic Version such as 1.4.2");
  }

  /// The version right below: the highest release under the wish, or of all; without releases the highest at all.
  /// What was deleted still counts as a number, but the comparison is with the highest that can still be read.
  std::optional<Version> below() const {
    for (bool releases : {true, false})
      for (auto one = taken_.rbegin(); one != taken_.rend(); ++one)
        if (!one->deleted && (one->semver.prerelease.empty() || !releases) && isBelow(one->semver))
          return registry::findVersion(transaction_, key_, one->number);
    return std::nullopt;
  }

  std::string semver(const prompt::BumpVerdict& verdict) const {
    std::optional<SemVer> base = highestBelow();
    if (!base) return wish_.empty() ? first().str() : wish_;
    SemVer least = raised(*base, verdict.bump);
    if (!asked_) return std::max(least, announced(least)).str();
    if (release(*asked_) < least)
      throw Invalid("semver",
                    fmt::format("must be at least {} after {}: {}", least.str(), base->str(), verdict.inWords()));
    return wish_;
  }

 private:
  bool isBelow(const SemVer& semver) const { return !asked_ || semver < release(*asked_); }

  std::optional<SemVer> highestBelow() const {
    std::optional<SemVer> found;
    for (const Taken& one : taken_)
      if (one.semver.prerelease.empty() && isBelow(one.semver)) found = one.semver;
    return found;
  }
  /// Before the first release: the version that pre-releases announce, or 1.0.0.
  SemVer first() const { return taken_.empty() ? SemVer{1, 0, 0, "", ""} : release(taken_.back().semver); }
  /// The release that a pre-release above all releases announced already, 1.3.0-rc.1.
  SemVer announced(const SemVer& least) const {
    return taken_.empty() || taken_.back().semver.prerelease.empty() ? least : release(taken_.back().semver);
  }

  db::Transaction& transaction_;
  const registry::AssetKey& key_;
  std::vector<Taken> taken_;
  std::string wish_;
  std::optional<SemVer> asked_;
};

/// The whole way up to the point where something would be stored.
class Plan {
 public:
  Plan(db::Transaction& transaction, const access::Identity& author, const registry::AssetKey& key,
       const NewPrompt& asked)
      : transaction_(transaction), author_(author), key_(key), asked_(asked), prompt_(asked.prompt) {}

  Planned make() {
    asset_ = registry::findAsset(transaction_, key_);
    if (asset_) newest_ = registry::newestVersion(transaction_, *asset_);
    assemble();
    Planned plan;
    plan.composed = composed_;
    if (std::optional<Version> same = sameVersion()) {
      plan.registered.version = *std::move(same);
      return plan;
    }
    plan.registered.problems = prompt::lint(prompt_, {.composed = &composed_});
    number(plan);
    plan.registered.created = true;
    plan.registered.version.content = prompt::canonicalPrompt(prompt_);
    plan.registered.version.asset.key = key_;
    return plan;
  }
  const std::vector<registry::Use>& uses() const { return uses_; }
  /// Thrown by the registration, returned by the plan.
  const std::exception_ptr& semverFault() const { return semverFault_; }

 private:
  void assemble() {
    std::optional<prompt::Prompt> before;
    if (newest_ && !newest_->content.empty() && !asked_.freshPartials) before = prompt::parsePrompt(newest_->content);
    uses_ = prompt::lockPartials(transaction_, author_, key_, prompt_, before ? &*before : nullptr, asked_.lenient);
    try {
      composed_ = prompt::composeNew(transaction_, key_, prompt_, uses_).prompt;
    } catch (const Invalid&) {
      bool tags = std::ranges::any_of(prompt::partialsOf(prompt_), &prompt::PartialUse::langfuse);
      if (!asked_.lenient || tags) throw;
      uses_.clear();  // braces that only look like a partial
      prompt_.partials.clear();
      composed_ = prompt_;
    }
  }

  /// The version that says exactly this already: the one with the wished SemVer, or else the newest.
  std::optional<Version> sameVersion() const {
    if (!asset_ || asked_.version.evenIfSame) return std::nullopt;
    std::string content = prompt::canonicalPrompt(prompt_);
    const std::string& wish = asked_.version.semver;
    if (!wish.empty() && SemVer::parse(wish)) {
      try {
        Version taken = registry::resolveVersion(transaction_, key_, wish);
        if (taken.content == content || sameButLocks(taken)) return taken;
      } catch (const Error& fault) {
        if (fault.code != Code::notFound) throw;
      }
    }
    if (asked_.unlessKnown)
      if (std::optional<Version> known = withContent(content)) return known;
    if (!newest_ || newest_->isArchived() || newest_->content != content) return std::nullopt;
    // 1.3.0-rc.1 is released as 1.3.0 with the same words.
    std::optional<SemVer> newest = SemVer::parse(newest_->semver), asked = SemVer::parse(wish);
    bool releases = asked && newest && !newest->prerelease.empty() && *newest < *asked;
    return releases ? std::nullopt : newest_;
  }
  std::optional<Version> withContent(const std::string& content) const {
    std::int64_t number = 0;
    {
      db::Rows rows = transaction_.query(
          "SELECT number FROM version WHERE asset = $1 AND deleted = 0 AND content = $2 ORDER BY number DESC LIMIT 1",
          {asset_->id, content});
      if (rows.next()) number = rows.integer(0);
    }
    return number == 0 ? std::nullopt : registry::findVersion(transaction_, key_, number);
  }
  /// Pushing the file of an older version again: its locks are its own, not those of the newest.
  bool sameButLocks(const Version& version) const {
    prompt::Prompt old = prompt::parsePrompt(version.content), now = prompt_;
    if (!asked_.prompt.partials.empty()) return false;
    old.partials.clear();
    now.partials.clear();
    return prompt::canonicalPrompt(old) == prompt::canonicalPrompt(now);
  }

  void number(Planned& plan) {
    Numbering numbering(transaction_, key_, asset_ ? semversInUse(transaction_, *asset_) : std::vector<Taken>(),
                        asked_.version.semver);
    std::optional<Version> below = numbering.below();
    if (below && !below->content.empty()) plan.registered.bump = prompt::bumpBetween(servedBefore(*below), composed_);
    try {
      plan.registered.version.semver = numbering.semver(plan.registered.bump);
      if (asset_ && !asked_.version.semver.empty())
        registry::requireFreeSemver(transaction_, *asset_, asked_.version.semver,
                                    crypto::sha256Hex(prompt::canonicalPrompt(prompt_)));
    } catch (const Error& fault) {
      if (fault.code != Code::invalid && fault.code != Code::exists) throw;
      plan.refusal = fault.message;
      semverFault_ = std::current_exception();
    }
  }
  /// What callers got of the version below; when its partials cannot be put in any more, its own text.
  prompt::Prompt servedBefore(const Version& below) const {
    try {
      return prompt::compose(transaction_, below).prompt;
    } catch (const Error& fault) {
      if (fault.code != Code::invalidState) throw;
      return prompt::parsePrompt(below.content);
    }
  }

  db::Transaction& transaction_;
  const access::Identity& author_;
  const registry::AssetKey& key_;
  const NewPrompt& asked_;
  prompt::Prompt prompt_, composed_;
  std::vector<registry::Use> uses_;
  std::optional<registry::Asset> asset_;
  std::optional<Version> newest_;
  std::exception_ptr semverFault_;
};

std::string lintSentence(const std::vector<prompt::Problem>& problems) {
  std::string text;
  for (const prompt::Problem& problem : problems) {
    if (problem.severity != prompt::Severity::error) continue;
    if (!text.empty()) text += "; ";
    if (problem.index >= 0) text += fmt::format("messages[{}] ", problem.index);
    if (problem.place.line > 0) text += fmt::format("line {}: ", problem.place.line);
    text += problem.message;
    if (text.size() > 500) break;
  }
  return "the prompt has errors: " + text;
}

}  // namespace

LintRefusal::LintRefusal(const std::vector<prompt::Problem>& problems)
    : Error(Code::invalid, lintSentence(problems),
            writeJson(json::object{{"problems", prompt::problemsJson(problems)}})) {}

Planned planPrompt(db::Transaction& transaction, const access::Identity& author, const registry::AssetKey& key,
                   const NewPrompt& asked) {
  return Plan(transaction, author, key, asked).make();
}

Registered registerPrompt(registry::Change& change, const access::Identity& author, const registry::Asset& asset,
                          const NewPrompt& asked) {
  Plan plan(change.transaction, author, asset.key, asked);
  Planned planned = plan.make();
  Registered& result = planned.registered;
  if (!result.created) return std::move(result);
  if (!asked.lenient && prompt::hasErrors(result.problems)) throw LintRefusal(result.problems);
  if (plan.semverFault()) std::rethrow_exception(plan.semverFault());
  registry::NewVersion made = asked.version;
  made.content = result.version.content;
  made.semver = result.version.semver;
  made.evenIfSame = true;  // decided here
  result.version = registry::createVersion(change, asset, made);
  for (const registry::Use& use : plan.uses()) registry::addUse(change.transaction, result.version, use);
  evaluation::enqueueTests(change, result.version);
  return std::move(result);
}

}  // namespace regesta::delivery
