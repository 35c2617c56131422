#include "delivery/register.h"

#include "base/error.h"
#include "base/semver.h"

namespace regesta::delivery {
namespace {

/// The highest SemVer that any version of the asset has had, deleted ones too: numbers are never used twice.
std::optional<SemVer> highestSemver(db::Session& session, const registry::Asset& asset) {
  std::optional<SemVer> highest;
  db::Rows rows = session.query("SELECT semver FROM version WHERE asset = $1 AND semver IS NOT NULL", {asset.id});
  while (rows.next())
    if (auto semver = SemVer::parse(rows.view(0)); semver && (!highest || *semver > *highest)) highest = semver;
  return highest;
}

SemVer raised(SemVer from, Bump bump) {
  // A pre-release precedes the release it announces: 1.2.0-rc.1 becomes 1.2.0 by anything that 1.2.0 allows for.
  from.prerelease.clear();
  from.build.clear();
  switch (bump) {
    case Bump::major:
      return {from.major + 1, 0, 0, "", ""};
    case Bump::minor:
      return {from.major, from.minor + 1, 0, "", ""};
    default:
      return {from.major, from.minor, from.patch + 1, "", ""};
  }
}

std::string inWords(const BumpVerdict& verdict) {
  std::string text;
  for (const BumpReason& reason : verdict.reasons)
    text += fmt::format("{}{} ({})", text.empty() ? "" : "; ", reason.what, bumpName(reason.bump));
  return text;
}

std::string semverFor(const std::string& asked, const std::optional<SemVer>& highest, const BumpVerdict& verdict) {
  if (!highest) return asked.empty() ? "1.0.0" : asked;
  SemVer least = raised(*highest, verdict.bump);
  if (asked.empty()) return least.str();
  std::optional<SemVer> wish = SemVer::parse(asked);
  if (!wish) throw Invalid("semver", "must be a Semantic Version such as 1.4.2");
  SemVer release = *wish;
  release.prerelease.clear();
  if (release < least)
    throw Invalid("semver",
                  fmt::format("must be at least {} after {}: {}", least.str(), highest->str(), inWords(verdict)));
  return asked;
}

}  // namespace

Registered registerPrompt(registry::Change& change, const registry::Asset& asset, const NewPrompt& asked) {
  registry::NewVersion made = asked.version;
  made.content = canonicalPrompt(asked.prompt);
  Registered result;
  std::optional<registry::Version> newest = registry::newestVersion(change.session, asset);
  if (newest && newest->content == made.content && !made.evenIfSame) {
    result.version = *std::move(newest);
    return result;
  }
  if (newest && !newest->content.empty()) result.bump = bumpBetween(parsePrompt(newest->content), asked.prompt);
  made.semver = semverFor(made.semver, highestSemver(change.session, asset), result.bump);
  result.version = registry::createVersion(change, asset, made);
  result.created = true;
  return result;
}

}  // namespace regesta::delivery
