#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/item.h"

namespace regesta::gateway {

/// A provider's model with the secret that it is called with.
struct Model {
  std::string modelId, name;
  std::string secretId, secretName;  ///< empty: its secret was deleted
  std::string provider, model;
  Stamp stamp;
};

struct NewModel {
  std::string name, secretId, provider, model, by;
};
/// Throws Error{notFound} for an unknown secret, Error{exists} for a name that is taken.
Model createModel(registry::Change& change, std::string_view workspace, const NewModel& told);

/// Empty: unchanged.
struct ModelUpdate {
  std::string name, secretId, provider, model, by;
};
Model updateModel(registry::Change& change, std::string_view workspace, std::string_view id, const ModelUpdate& update);
/// Throws Error{invalidState} if an endpoint uses it.
void deleteModel(registry::Change& change, std::string_view workspace, std::string_view id);

Model getModel(db::Transaction& transaction, std::string_view workspace, std::string_view id);
Model getModelByName(db::Transaction& transaction, std::string_view workspace, std::string_view name);
std::vector<Model> listModels(db::Transaction& transaction, std::string_view workspace, std::string_view provider,
                              std::string_view secretId);

}  // namespace regesta::gateway
