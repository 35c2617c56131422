#include "api/mlflow/registry_rules.h"

#include "api/mlflow/dialect.h"
#include "api/mlflow/prompt_tags.h"
#include "base/limits.h"
#include "base/text.h"
#include "registry/pointer.h"
#include "tracking/rules.h"

namespace regesta::api::mlflow {
namespace {

constexpr std::string_view uniquePath =
    "Names may be treated as files in certain cases, and must not resolve to other names when treated as such. This "
    "name would "
    "resolve to ";

bool isAliasText(std::string_view alias) {
  return std::all_of(alias.begin(), alias.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

bool isVersionAlias(std::string_view alias) {
  return alias.size() > 1 && (alias[0] == 'v' || alias[0] == 'V') &&
         alias.find_first_not_of("0123456789", 1) == std::string_view::npos;
}

}  // namespace

void checkModelName(std::string_view name) {
  if (trim(name).empty()) throw Error(Code::invalid, "Missing value for required parameter 'name'.");
  if (name.find_first_of("/:") != std::string_view::npos)
    throw error(Code::invalid, "Invalid model name '{}'. Names cannot contain '/' or ':'.", shorten(name, 300));
  if (name == "." || name == "..") invalidValue("name", name, fmt::format("{}'{}'", uniquePath, name));
  registry::checkName(name, registry::Kind::model);
}

void checkKnownName(std::string_view name) {
  for (std::string_view part : split(name, '/')) checkModelName(part);
}

void checkTagKey(std::string_view key) { tracking::checkKey(key, "key"); }

void checkRegistryTag(std::string_view key, std::string_view value) {
  if (key.empty()) missing("key");
  tracking::checkKey(key, "key");
  tracking::checkLength("key", limits::nameLength, key);
  if (key == promptText && characterCount(value) > limits::tagValueLength)
    throw error(Code::invalid, "Prompt text exceeds max length of {} characters.", limits::tagValueLength);
  tracking::checkLength("value", limits::tagValueLength, value);
}

void checkAliasName(std::string_view alias, bool reserved) {
  if (alias.empty()) throw Error(Code::invalid, "Registered model alias name cannot be empty.");
  if (!isAliasText(alias))
    throw error(Code::invalid,
                "Invalid alias name: '{}'. Names may only contain alphanumerics, underscores (_), and dashes (-).",
                shorten(alias, 300));
  tracking::checkLength("Registered model alias name", 255, alias);
  if (reserved && equalsIgnoreCase(alias, "latest"))
    throw Error(Code::invalid, "'latest' alias name (case insensitive) is reserved.");
  if (reserved && isVersionAlias(alias)) throw error(Code::invalid, "Version alias name '{}' is reserved.", alias);
}

std::int64_t parseVersion(std::string_view text) {
  std::optional<std::int64_t> number = parseInteger(trim(text));
  if (!number) throw error(Code::invalid, "Parameter 'version' must be an integer, got '{}'.", shorten(text, 100));
  return *number;
}

std::string stageOf(std::string_view text) {
  for (std::string_view stage : registry::stages)
    if (equalsIgnoreCase(stage, text)) return std::string(stage);
  throw error(Code::invalid,
              "Invalid Model Version stage: {}. Value must be one of None, Staging, Production, Archived.",
              shorten(text, 100));
}

namespace {

std::optional<registry::Asset> findModel(const Call& call, db::Transaction& transaction, access::Verb verb,
                                         std::string_view name) {
  checkKnownName(name);
  call.require(verb, name);
  std::optional<registry::Asset> asset = registry::findRegistered(transaction, call.workspace, name);
  if (!asset) checkModelName(name);
  return asset;
}

}  // namespace

registry::Asset getModel(const Call& call, db::Transaction& transaction, access::Verb verb, std::string_view name) {
  std::optional<registry::Asset> asset = findModel(call, transaction, verb, name);
  if (!asset) throw error(Code::notFound, "Registered Model with name={} not found", name);
  return *std::move(asset);
}

registry::Version getModelVersion(const Call& call, db::Transaction& transaction, access::Verb verb,
                                  std::string_view name, std::string_view version) {
  std::int64_t number = parseVersion(version);
  std::optional<registry::Asset> asset = findModel(call, transaction, verb, name);
  std::optional<registry::Version> found;
  if (asset) found = registry::findVersion(transaction, asset->key, number);
  if (!found) throw error(Code::notFound, "Model Version (name={}, version={}) not found", name, number);
  return *std::move(found);
}

registry::AliasedVersion getAliasedVersion(const Call& call, db::Transaction& transaction, access::Verb verb,
                                           std::string_view name, std::string_view version) {
  std::int64_t number = parseVersion(version);
  checkKnownName(name);
  call.require(verb, name);
  auto found = registry::findRegisteredVersion(transaction, call.workspace, name, number);
  if (found) return *std::move(found);
  findModel(call, transaction, verb, name);  // refuses a name that no model has
  throw error(Code::notFound, "Model Version (name={}, version={}) not found", name, number);
}

}  // namespace regesta::api::mlflow
