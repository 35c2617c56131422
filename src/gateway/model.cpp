#include "gateway/model.h"

#include <map>

#include "base/error.h"
#include "gateway/endpoint.h"

namespace regesta::gateway {
namespace {

Model modelOf(const Item& item) {
  return {.modelId = item.id,
          .name = item.name,
          .secretId = memberText(item.body, "secret_id"),
          .provider = memberText(item.body, "provider"),
          .model = memberText(item.body, "model"),
          .stamp = item.stamp};
}

Model named(db::Transaction& transaction, std::string_view workspace, const Item& item) {
  Model model = modelOf(item);
  if (model.secretId.empty()) return model;
  if (auto secret = findItem(transaction, workspace, secrets, model.secretId)) model.secretName = secret->name;
  return model;
}

void requireFree(db::Transaction& transaction, const Item& item) {
  auto other = findNamed(transaction, item.workspace, models, item.name);
  if (other && other->id != item.id)
    throw error(Code::exists, "Model definition with name '{}' already exists", item.name);
}

}  // namespace

Model createModel(registry::Change& change, std::string_view workspace, const NewModel& told) {
  getItem(change.transaction, workspace, secrets, told.secretId);
  Item item{.workspace = std::string(workspace),
            .kind = std::string(models.name),
            .id = newId(models),
            .name = told.name,
            .body = {{"secret_id", told.secretId}, {"provider", told.provider}, {"model", told.model}},
            .stamp = {.createdBy = told.by, .updatedBy = told.by}};
  requireFree(change.transaction, item);
  insertItem(change, item);
  return named(change.transaction, workspace, item);
}

Model updateModel(registry::Change& change, std::string_view workspace, std::string_view id,
                  const ModelUpdate& update) {
  Item item = getItem(change.transaction, workspace, models, id);
  auto set = [&](std::string_view member, const std::string& value) {
    if (!value.empty()) item.body[member] = value;
  };
  if (!update.name.empty()) item.name = update.name;
  if (!update.secretId.empty()) getItem(change.transaction, workspace, secrets, update.secretId);
  set("secret_id", update.secretId);
  set("provider", update.provider);
  set("model", update.model);
  if (!update.by.empty()) item.stamp.updatedBy = update.by;
  requireFree(change.transaction, item);
  updateItem(change, item);
  return named(change.transaction, workspace, item);
}

void deleteModel(registry::Change& change, std::string_view workspace, std::string_view id) {
  Item item = getItem(change.transaction, workspace, models, id);
  for (const Endpoint& endpoint : listEndpoints(change.transaction, workspace))
    for (const Mapping& mapping : endpoint.models)
      if (mapping.modelId == id)
        throw Error(Code::invalidState,
                    "Cannot delete model definition that is currently in use by endpoints. Detach it from all "
                    "endpoints first.");
  removeItem(change, item);
}

Model getModel(db::Transaction& transaction, std::string_view workspace, std::string_view id) {
  return named(transaction, workspace, getItem(transaction, workspace, models, id));
}

Model getModelByName(db::Transaction& transaction, std::string_view workspace, std::string_view name) {
  return named(transaction, workspace, getNamed(transaction, workspace, models, name));
}

std::vector<Model> listModels(db::Transaction& transaction, std::string_view workspace, std::string_view provider,
                              std::string_view secretId) {
  std::map<std::string, std::string> secretNames;
  for (const Item& secret : listItems(transaction, workspace, secrets)) secretNames.emplace(secret.id, secret.name);
  std::vector<Model> found;
  for (const Item& item : listItems(transaction, workspace, models)) {
    Model model = modelOf(item);
    if (!provider.empty() && model.provider != provider) continue;
    if (!secretId.empty() && model.secretId != secretId) continue;
    auto secret = secretNames.find(model.secretId);
    if (secret != secretNames.end()) model.secretName = secret->second;
    found.push_back(std::move(model));
  }
  return found;
}

}  // namespace regesta::gateway
