#include "api/mlflow/registry_wire.h"

#include "api/mlflow/optional_text.h"
#include "api/mlflow/prompt_tags.h"
#include "api/mlflow/registry_rules.h"

namespace regesta::api::mlflow::wire {
namespace {

std::vector<KeyValue> listOfTags(const registry::Tags& tags) {
  std::vector<KeyValue> list;
  list.reserve(tags.size());
  for (const auto& [key, value] : tags) list.push_back({key, value});
  return list;
}

std::string shortName(const std::string& actor) { return registry::Actor{actor}.shortName(); }

}  // namespace

ModelVersion versionOf(db::Transaction& transaction, const registry::Version& version) {
  ModelVersion out;
  out.name = version.asset.key.name;
  out.version = std::to_string(version.number);
  out.creation_timestamp = version.createdAt;
  out.last_updated_timestamp = version.updatedAt;
  out.user_id = shortName(version.createdBy);
  out.current_stage = version.stage;
  out.description = version.description;
  out.source = version.source;
  out.run_id = version.runId;
  out.tags = listOfTags(renderedTags(transaction, version));
  out.run_link = version.runLink;
  out.model_id = unlessEmpty(version.modelId);
  return out;
}

ModelVersion versionWithAliases(db::Transaction& transaction, const registry::Version& version) {
  ModelVersion out = versionOf(transaction, version);
  out.aliases = registry::aliasesOf(transaction, version);
  return out;
}

RegisteredModel modelOf(db::Transaction& transaction, const registry::Asset& asset) {
  RegisteredModel out;
  out.name = asset.key.name;
  out.creation_timestamp = asset.createdAt;
  out.last_updated_timestamp = asset.updatedAt;
  out.user_id = shortName(asset.createdBy);
  out.description = unlessEmpty(asset.description);
  for (const registry::Version& version : registry::latestPerStage(transaction, asset))
    out.latest_versions.push_back(versionOf(transaction, version));
  out.tags = listOfTags(renderedTags(asset));
  for (const registry::Alias& alias : registry::listAliases(transaction, asset))
    out.aliases.push_back({alias.name, std::to_string(alias.number)});
  return out;
}

registry::Tags registryTags(const std::vector<KeyValue>& list) {
  registry::Tags tags;
  for (const KeyValue& tag : list) {
    checkRegistryTag(tag.key, tag.value);
    tags[tag.key] = tag.value;
  }
  return tags;
}

}  // namespace regesta::api::mlflow::wire
