#include "api/wandb/artifact_rules.h"

#include "api/wandb/names.h"
#include "base/error.h"
#include "base/text.h"
#include "governance/gate.h"
#include "registry/pointer.h"

namespace regesta::api::wandb {

using governance::Gate;

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

std::string metadataOf(const json::object& input) {
  std::string text = memberText(input, "metadata");
  if (text.empty()) return "{}";
  json::value read = looseJson(text);
  if (!read.is_object()) throw Invalid("metadata", "must be a JSON object");
  return writeJson(read);
}

registry::Asset makeAsset(registry::Change& change, const registry::AssetKey& key, const std::string& type) {
  if (auto found = registry::findAsset(change.transaction, key)) return *std::move(found);
  return registry::createAsset(change, key, "", {{std::string(typeTag), type}});
}

}  // namespace regesta::api::wandb
