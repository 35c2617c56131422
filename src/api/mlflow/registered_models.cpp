#include "api/mlflow/registered_models.h"

#include "api/mlflow/dialect.h"
#include "api/mlflow/model_search.h"
#include "api/mlflow/prompt_tags.h"
#include "api/mlflow/registry_rules.h"
#include "api/mlflow/registry_wire.h"
#include "api/mlflow/rule_text.h"
#include "base/semver.h"
#include "base/text.h"
#include "governance/gate.h"
#include "registry/archive.h"

namespace regesta::api::mlflow {
namespace {

using access::Verb;
using registry::Asset;
using registry::Change;
using wire::KeyValue;
using wire::ModelRef;
using wire::OneModel;

struct CreateRegisteredModel {
  std::string name;
  std::vector<KeyValue> tags;
  std::string description;
  static constexpr Field fields[] = {field<&CreateRegisteredModel::name>("name", required),
                                     field<&CreateRegisteredModel::tags>("tags"),
                                     field<&CreateRegisteredModel::description>("description")};
};
struct UpdateRegisteredModel {
  std::string name, description;
  static constexpr Field fields[] = {field<&UpdateRegisteredModel::name>("name", required),
                                     field<&UpdateRegisteredModel::description>("description")};
};
struct RenameRegisteredModel {
  std::string name, new_name;
  static constexpr Field fields[] = {field<&RenameRegisteredModel::name>("name", required),
                                     field<&RenameRegisteredModel::new_name>("new_name", required)};
};
struct SetModelTag {
  std::string name, key, value;
  static constexpr Field fields[] = {field<&SetModelTag::name>("name", required),
                                     field<&SetModelTag::key>("key", required), field<&SetModelTag::value>("value")};
};
struct ModelTagRef {
  std::string name, key;
  static constexpr Field fields[] = {field<&ModelTagRef::name>("name", required),
                                     field<&ModelTagRef::key>("key", required)};
};
struct SetAlias {
  std::string name, alias, version;
  static constexpr Field fields[] = {field<&SetAlias::name>("name", required),
                                     field<&SetAlias::alias>("alias", required),
                                     field<&SetAlias::version>("version", required)};
};
struct AliasRef {
  std::string name, alias;
  static constexpr Field fields[] = {field<&AliasRef::name>("name", required),
                                     field<&AliasRef::alias>("alias", required)};
};
struct LatestVersions {
  std::string name;
  std::vector<std::string> stages;
  static constexpr Field fields[] = {field<&LatestVersions::name>("name", required),
                                     field<&LatestVersions::stages>("stages")};
};

OneModel answer(Call& call, const Asset& asset) {
  return call.core.store.read(
      [&](db::Transaction& transaction) { return OneModel{wire::modelOf(transaction, asset)}; });
}

std::string nounOf(bool prompt) { return prompt ? "Prompt" : "Registered Model"; }

/// Throws Error{exists} in MLflow's words when the name is taken.
void checkNameIsFree(db::Transaction& transaction, const Call& call, std::string_view name, bool prompt) {
  std::optional<Asset> holder = registry::findRegistered(transaction, call.workspace, name);
  if (!holder) return;
  bool holderIsPrompt = holder->key.kind == registry::Kind::prompt;
  if (holderIsPrompt == prompt) throw error(Code::exists, "{} (name={}) already exists.", nounOf(prompt), name);
  throw error(Code::exists,
              "Tried to create a {} with name {}, but the name is already taken by a {}. MLflow does not allow "
              "creating a model and "
              "a prompt with the same name.",
              lower(nounOf(prompt)), pythonText(name), lower(nounOf(holderIsPrompt)));
}

OneModel createModel(Call& call, const CreateRegisteredModel& in) {
  checkModelName(in.name);
  call.require(Verb::write, in.name);
  registry::Tags tags = wire::registryTags(in.tags);
  bool prompt = hasPromptTag(tags);
  tags.erase(std::string(promptMarker));  // the kind says it
  Asset asset = call.core.store.change(call.actor(), [&](Change& change) {
    checkNameIsFree(change.transaction, call, in.name, prompt);
    registry::AssetKey key{call.workspace, prompt ? registry::Kind::prompt : registry::Kind::model, in.name};
    return registry::createAsset(change, key, in.description, tags);
  });
  return answer(call, asset);
}

OneModel getRegisteredModel(Call& call, const ModelRef& in) {
  return call.core.store.read([&](db::Transaction& transaction) {
    return OneModel{wire::modelOf(transaction, getModel(call, transaction, Verb::read, in.name))};
  });
}

OneModel updateModel(Call& call, const UpdateRegisteredModel& in) {
  Asset asset = call.core.store.change(call.actor(), [&](Change& change) {
    return registry::describeAsset(change, getModel(call, change.transaction, Verb::write, in.name), in.description);
  });
  return answer(call, asset);
}

OneModel renameModel(Call& call, const RenameRegisteredModel& in) {
  if (trim(in.new_name).empty()) throw Error(Code::invalid, "Missing value for required parameter 'new_name'.");
  checkModelName(in.new_name);
  call.require(Verb::write, in.new_name);
  registry::AssetKey key = call.core.store.read([&](db::Transaction& transaction) {
    Asset present = getModel(call, transaction, Verb::write, in.name);
    if (in.new_name != in.name && registry::findRegistered(transaction, call.workspace, in.new_name))
      throw error(Code::exists, "Registered Model (name={}) already exists.", in.new_name);
    return present.key;
  });
  return answer(call, call.core.gate.rename(*call.identity, key, in.new_name));
}

Empty deleteModel(Call& call, const ModelRef& in) {
  call.core.store.change(call.actor(), [&](Change& change) {
    Asset asset = getModel(call, change.transaction, Verb::write, in.name);
    registry::deleteAsset(change, asset,
                          governance::Gate::removal(change, *call.identity, asset, governance::Gate::Pointers::remove));
  });
  return {};
}

wire::ModelList searchModels(Call& call, const wire::SearchRequest& in) { return searchRegisteredModels(call, in); }

Empty setTag(Call& call, const SetModelTag& in) {
  checkKnownName(in.name);
  checkRegistryTag(in.key, in.value);
  call.core.store.change(call.actor(), [&](Change& change) {
    registry::setAssetTag(change, getModel(call, change.transaction, Verb::write, in.name), in.key, in.value);
  });
  return {};
}

Empty deleteTag(Call& call, const ModelTagRef& in) {
  checkKnownName(in.name);
  checkTagKey(in.key);
  call.core.store.change(call.actor(), [&](Change& change) {
    registry::deleteAssetTag(change, getModel(call, change.transaction, Verb::write, in.name), in.key);
  });
  return {};
}

Empty setAlias(Call& call, const SetAlias& in) {
  checkKnownName(in.name);
  checkAliasName(in.alias, true);
  registry::AssetKey key = call.core.store.read([&](db::Transaction& transaction) {
    return getModelVersion(call, transaction, Verb::write, in.name, in.version).asset.key;
  });
  call.core.gate.moveOrThrow(
      *call.identity, {.key = key, .pointer = registry::Pointer::alias(in.alias), .to = parseVersion(in.version)});
  return {};
}

Empty deleteAlias(Call& call, const AliasRef& in) {
  checkKnownName(in.name);
  checkAliasName(in.alias, false);
  auto [key, exists] = call.core.store.read([&](db::Transaction& transaction) {
    Asset asset = getModel(call, transaction, Verb::write, in.name);
    return std::pair(asset.key, registry::findAlias(transaction, asset, in.alias).has_value());
  });
  if (exists)
    call.core.gate.moveOrThrow(*call.identity, {.key = key, .pointer = registry::Pointer::alias(in.alias), .to = 0});
  return {};
}

wire::OneVersion getByAlias(Call& call, const AliasRef& in) {
  // MLflow's client takes what follows '@' for an alias: prompts:/explain@1.2.0 asks for a SemVer.
  bool semver = SemVer::parse(in.alias).has_value();
  if (!semver) checkAliasName(in.alias, false);
  return call.core.store.read([&](db::Transaction& transaction) {
    Asset asset = getModel(call, transaction, Verb::read, in.name);
    std::optional<registry::Version> version;
    if (semver) {
      version = registry::findSemver(transaction, asset, in.alias);
      if (!version) throw error(Code::notFound, "Model Version (name={}, version={}) not found", in.name, in.alias);
    } else if (equalsIgnoreCase(in.alias, "latest")) {
      version = registry::newestCurrent(transaction, asset);
      if (!version) throw error(Code::notFound, "Latest version not found for model {}.", in.name);
    } else {
      std::optional<registry::Alias> alias = registry::findAlias(transaction, asset, in.alias);
      if (!alias) throw error(Code::invalid, "Registered model alias {} not found.", in.alias);
      version = registry::findVersion(transaction, asset.key, alias->number);
      if (!version)
        throw error(Code::notFound, "Model Version (name={}, version={}) not found", in.name, alias->number);
    }
    return wire::OneVersion{wire::versionWithAliases(transaction, *version)};
  });
}

wire::VersionList getLatest(Call& call, const LatestVersions& in) {
  std::set<std::string> wanted;
  for (const std::string& stage : in.stages) wanted.insert(stageOf(stage));
  return call.core.store.read([&](db::Transaction& transaction) {
    wire::VersionList list;
    for (const registry::Version& version :
         registry::latestPerStage(transaction, getModel(call, transaction, Verb::read, in.name)))
      if (wanted.empty() || wanted.contains(version.stage))
        list.model_versions.push_back(wire::versionWithAliases(transaction, version));
    return list;
  });
}

}  // namespace

std::span<const Route> registeredModelRoutes() {
  static const Route routes[] = {
      post("/api/2.0/mlflow/registered-models/create", "Create a registered model", writes("registered models"),
           createModel),
      post("/api/2.0/mlflow/registered-models/rename", "Rename a registered model", writes("registered models"),
           renameModel),
      patch("/api/2.0/mlflow/registered-models/update", "Update a registered model", writes("registered models"),
            updateModel),
      del("/api/2.0/mlflow/registered-models/delete", "Delete a registered model", writes("registered models"),
          deleteModel),
      get("/api/2.0/mlflow/registered-models/get", "Get a registered model", reads("registered models"),
          getRegisteredModel),
      get("/api/2.0/mlflow/registered-models/search", "Search registered models by query string",
          scanning(reads("registered models")), searchModels),
      post("/api/2.0/mlflow/registered-models/search", "Search registered models", scanning(reads("registered models")),
           searchModels),
      get("/api/2.0/mlflow/registered-models/get-latest-versions",
          "Get the latest version in each stage by query string", scanning(reads("registered models")), getLatest),
      post("/api/2.0/mlflow/registered-models/get-latest-versions", "Get the latest version in each stage",
           scanning(reads("registered models")), getLatest),
      post("/api/2.0/mlflow/registered-models/set-tag", "Set a registered model tag", writes("registered models"),
           setTag),
      del("/api/2.0/mlflow/registered-models/delete-tag", "Delete a registered model tag", writes("registered models"),
          deleteTag),
      post("/api/2.0/mlflow/registered-models/alias", "Set a registered model alias", writes("aliases"), setAlias),
      del("/api/2.0/mlflow/registered-models/alias", "Delete a registered model alias", writes("aliases"), deleteAlias),
      get("/api/2.0/mlflow/registered-models/alias", "Get a model version by alias", reads("aliases"), getByAlias),
  };
  return routes;
}

}  // namespace regesta::api::mlflow
