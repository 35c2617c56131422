#include "api/mlflow/gateway.h"
#include "api/mlflow/gateway_wire.h"

namespace regesta::api::mlflow {
namespace {

using wire::GatewayModel;

struct OneGatewayModel {
  GatewayModel model_definition;
  static constexpr Field fields[] = {field<&OneGatewayModel::model_definition>("model_definition")};
};
struct GatewayModels {
  std::vector<GatewayModel> model_definitions;
  static constexpr Field fields[] = {field<&GatewayModels::model_definitions>("model_definitions")};
};
struct CreateGatewayModel {
  std::string name, secret_id, provider, model_name, created_by;
  static constexpr Field fields[] = {field<&CreateGatewayModel::name>("name", required),
                                     field<&CreateGatewayModel::secret_id>("secret_id", required),
                                     field<&CreateGatewayModel::provider>("provider", required),
                                     field<&CreateGatewayModel::model_name>("model_name", required),
                                     field<&CreateGatewayModel::created_by>("created_by")};
};
struct GatewayModelRef {
  std::string model_definition_id, name;
  static constexpr Field fields[] = {field<&GatewayModelRef::model_definition_id>("model_definition_id"),
                                     field<&GatewayModelRef::name>("name")};
};
struct GatewayModelId {
  std::string model_definition_id;
  static constexpr Field fields[] = {field<&GatewayModelId::model_definition_id>("model_definition_id", required)};
};
struct ListGatewayModels {
  std::string provider, secret_id;
  static constexpr Field fields[] = {field<&ListGatewayModels::provider>("provider"),
                                     field<&ListGatewayModels::secret_id>("secret_id")};
};
struct UpdateGatewayModel {
  std::string model_definition_id, name, secret_id, provider, model_name, updated_by;
  static constexpr Field fields[] = {field<&UpdateGatewayModel::model_definition_id>("model_definition_id", required),
                                     field<&UpdateGatewayModel::name>("name"),
                                     field<&UpdateGatewayModel::secret_id>("secret_id"),
                                     field<&UpdateGatewayModel::provider>("provider"),
                                     field<&UpdateGatewayModel::model_name>("model_name"),
                                     field<&UpdateGatewayModel::updated_by>("updated_by")};
};

OneGatewayModel createModel(Call& call, const CreateGatewayModel& in) {
  return call.core.store.change(call.actor(), [&](registry::Change& change) -> OneGatewayModel {
    gateway::NewModel told{.name = in.name,
                           .secretId = in.secret_id,
                           .provider = in.provider,
                           .model = in.model_name,
                           .by = in.created_by};
    return {wire::modelOf(gateway::createModel(change, call.workspace, told))};
  });
}

OneGatewayModel getModelDefinition(Call& call, const GatewayModelRef& in) {
  requireGatewayReader(call);
  if (in.model_definition_id.empty() && in.name.empty()) throw Invalid("model_definition_id", "is required");
  return call.core.store.read([&](db::Transaction& transaction) -> OneGatewayModel {
    return {wire::modelOf(in.name.empty() ? gateway::getModel(transaction, call.workspace, in.model_definition_id)
                                          : gateway::getModelByName(transaction, call.workspace, in.name))};
  });
}

GatewayModels listModels(Call& call, const ListGatewayModels& in) {
  requireGatewayReader(call);
  return call.core.store.read([&](db::Transaction& transaction) {
    GatewayModels found;
    for (const gateway::Model& model : gateway::listModels(transaction, call.workspace, in.provider, in.secret_id))
      found.model_definitions.push_back(wire::modelOf(model));
    return found;
  });
}

OneGatewayModel updateModel(Call& call, const UpdateGatewayModel& in) {
  return call.core.store.change(call.actor(), [&](registry::Change& change) -> OneGatewayModel {
    gateway::ModelUpdate update{.name = in.name,
                                .secretId = in.secret_id,
                                .provider = in.provider,
                                .model = in.model_name,
                                .by = in.updated_by};
    return {wire::modelOf(gateway::updateModel(change, call.workspace, in.model_definition_id, update))};
  });
}

Empty deleteModelDefinition(Call& call, const GatewayModelId& in) {
  call.core.store.change(call.actor(), [&](registry::Change& change) {
    gateway::deleteModel(change, call.workspace, in.model_definition_id);
  });
  return {};
}

}  // namespace

wire::GatewayModel wire::modelOf(const gateway::Model& m) {
  return {.model_definition_id = m.modelId,
          .name = m.name,
          .secret_id = unlessEmpty(m.secretId),
          .secret_name = unlessEmpty(m.secretName),
          .provider = m.provider,
          .model_name = m.model,
          .created_at = m.stamp.createdAt,
          .last_updated_at = m.stamp.updatedAt,
          .created_by = unlessEmpty(m.stamp.createdBy),
          .last_updated_by = unlessEmpty(m.stamp.updatedBy)};
}

std::span<const Route> gatewayModelRoutes() {
  constexpr std::string_view what = "the gateway";
  static const Route routes[] = {
      post("/api/3.0/mlflow/gateway/model-definitions/create", "Create a model definition of the gateway",
           administers(what), createModel),
      get("/api/3.0/mlflow/gateway/model-definitions/get", "Get a model definition of the gateway", reads(what),
          getModelDefinition),
      get("/api/3.0/mlflow/gateway/model-definitions/list", "List model definitions of the gateway", reads(what),
          listModels),
      post("/api/3.0/mlflow/gateway/model-definitions/update", "Update a model definition of the gateway",
           administers(what), updateModel),
      del("/api/3.0/mlflow/gateway/model-definitions/delete", "Delete a model definition of the gateway",
          administers(what), deleteModelDefinition),
  };
  return routes;
}

}  // namespace regesta::api::mlflow
