#include "api/wandb/artifact_rules.h"

#include <set>

#include "api/wandb/names.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/text.h"
#include "governance/gate.h"
#include "lifecycle/retention_plan.h"
#include "registry/expiry.h"
#include "registry/parts.h"
#include "registry/pointer.h"
#include "registry/reserved_tag.h"

namespace regesta::api::wandb {

using governance::Gate;

namespace {
constexpr std::int64_t ttlDisabled = -2, longestTtlSeconds = 36'500LL * 24 * 3600;
}

bool isTypeName(std::string_view type) {
  return !type.empty() && type.size() <= typeLength && type.find_first_of("/:") == std::string_view::npos;
}

bool isAutomatic(const std::string& alias) {
  return alias == "latest" || (alias.size() > 1 && alias.front() == 'v' && parseInteger(alias.substr(1)));
}

void setAlias(const Call& call, const registry::AssetKey& key, const std::string& alias, std::int64_t number) {
  if (isAutomatic(alias)) return;
  Gate::Move move{.key = key, .pointer = registry::Pointer::alias(alias), .to = number, .reason = "by a client of W&B"};
  call.core.gate.moveOrThrow(*call.identity, move);
}

std::vector<std::string> aliasesIn(const json::object& input) {
  std::vector<std::string> names;
  if (const json::value* aliases = input.if_contains("aliases"); aliases && aliases->is_array())
    for (const json::value& one : aliases->get_array()) names.push_back(memberText(one.as_object(), "alias"));
  return names;
}

void checkAliases(const std::vector<std::string>& names) {
  for (const std::string& name : names)
    if (!isAutomatic(name)) registry::checkAlias(name);
}

std::string metadataOf(const registry::Version& version) {
  auto tag = version.tags.find(std::string(registry::metadataTag));
  return tag == version.tags.end() ? std::string(noMetadata) : tag->second;
}

void setTtl(registry::Change& change, const registry::Version& version, const json::object& input) {
  const json::value* given = input.if_contains("ttlDurationSeconds");
  if (!given || given->is_null()) return;
  std::int64_t seconds = memberInteger(input, "ttlDurationSeconds");
  if (seconds == 0 || seconds < ttlDisabled || seconds > longestTtlSeconds)
    throw Invalid("ttlDurationSeconds", "must be 1 second to 100 years");
  registry::setExpiry(change, version, seconds < 0 ? 0 : version.createdAt + seconds * 1000);
}

void describeTtl(json::object& artifact, db::Transaction& transaction, const registry::Version& version) {
  std::int64_t at = registry::expiryOf(transaction, version);
  std::optional<std::int64_t> byRule;
  if (at == 0) byRule = lifecycle::ageAtDeletion(transaction, version.asset.key);
  std::int64_t millis = byRule.value_or(at == 0 ? 0 : at - version.createdAt);
  artifact["ttlIsInherited"] = byRule.has_value();
  artifact["ttlDurationSeconds"] = at == 0 && !byRule ? ttlDisabled : std::max<std::int64_t>(1, millis / 1000);
}

registry::VersionReference referenceOf(const std::string& path, const json::object& entry) {
  registry::VersionReference reference{.path = path,
                                       .uri = memberText(entry, "ref"),
                                       .digest = memberText(entry, "digest"),
                                       .size = memberInteger(entry, "size")};
  if (const json::value* extra = entry.if_contains("extra")) reference.about = canonicalJson(*extra);
  return reference;
}

json::object entryOf(const registry::VersionReference& reference) {
  json::object entry{{"digest", reference.digest}, {"ref", reference.uri}};
  if (reference.size != 0) entry["size"] = reference.size;
  if (!reference.about.empty()) entry["extra"] = parseJson(reference.about);
  return entry;
}

std::string metadataOf(const json::object& input) {
  std::string text = memberText(input, "metadata");
  if (text.empty()) return std::string(noMetadata);
  json::value read = looseJson(text);
  if (!read.is_object()) throw Invalid("metadata", "must be a JSON object");
  std::string written = writeJson(read);
  if (characterCount(written) > limits::tagValueLength)
    throw Invalid("metadata", fmt::format("must be at most {} characters", limits::tagValueLength));
  return written;
}

namespace {

/// The id of the artifact that wandb-artifact://HEX/PATH or wandb-client-artifact://ID/PATH leads to.
std::string artifactIdIn(const registry::VersionReference& reference) {
  std::string_view uri = trim(reference.uri), rest = uri.substr(uri.find(':') + 1);
  bool client = lower(uri).starts_with("wandb-client");
  std::string_view id = rest.starts_with("//") ? rest.substr(2, rest.find('/', 2) - 2) : "";
  auto raw = client ? std::nullopt : hexDecode(id);
  if (id.empty() || (!client && !raw))
    throw Invalid("manifest", fmt::format("the reference '{}' names no artifact", shorten(reference.uri, 200)));
  return client ? std::string(id) : base64Encode(*raw);
}

}  // namespace

std::vector<std::string> referencedVersions(const Call& call, db::Transaction& transaction,
                                            const std::vector<registry::VersionReference>& references) {
  std::set<std::string> ids, subjects;  // an artifact may have a hundred thousand references into one other
  for (const registry::VersionReference& reference : references) {
    if (!registry::leadsToPart(reference)) continue;
    std::string id = artifactIdIn(reference);
    if (!ids.insert(id).second) continue;
    registry::Version version = getArtifact(call, transaction, id, access::Verb::read);
    if (version.asset.key.workspace != call.workspace)
      throw error(Code::invalid, "the reference '{}' leads to another workspace; log a copy of its files instead",
                  shorten(reference.uri, 200));
    subjects.insert(version.subject());
  }
  return {subjects.begin(), subjects.end()};
}

registry::Asset makeAsset(registry::Change& change, const registry::AssetKey& key, const std::string& type) {
  if (auto found = registry::findAsset(change.transaction, key)) return *std::move(found);
  return registry::createAsset(change, key, "", {{std::string(typeTag), type}});
}

}  // namespace regesta::api::wandb
