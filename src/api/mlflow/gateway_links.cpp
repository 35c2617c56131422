#include <algorithm>

#include "api/mlflow/gateway.h"
#include "api/mlflow/gateway_wire.h"
#include "base/limits.h"
#include "evaluation/scorer.h"
#include "gateway/endpoint.h"
#include "tracking/experiment.h"

namespace regesta::api::mlflow {
namespace {

using gateway::Endpoint;
using wire::unlessEmpty;

struct AttachModel {
  std::string endpoint_id;
  wire::GatewayModelConfig model_config;
  std::string created_by;
  static constexpr Field fields[] = {field<&AttachModel::endpoint_id>("endpoint_id", required),
                                     field<&AttachModel::model_config>("model_config", required),
                                     field<&AttachModel::created_by>("created_by")};
};
struct OneMapping {
  wire::GatewayMapping mapping;
  static constexpr Field fields[] = {field<&OneMapping::mapping>("mapping")};
};
struct DetachModel {
  std::string endpoint_id, model_definition_id;
  static constexpr Field fields[] = {field<&DetachModel::endpoint_id>("endpoint_id", required),
                                     field<&DetachModel::model_definition_id>("model_definition_id", required)};
};
struct GatewayBinding {
  std::string endpoint_id, resource_type, resource_id;
  std::int64_t created_at = 0, last_updated_at = 0;
  std::optional<std::string> created_by, last_updated_by;
  static constexpr Field fields[] = {field<&GatewayBinding::endpoint_id>("endpoint_id"),
                                     field<&GatewayBinding::resource_type>("resource_type"),
                                     field<&GatewayBinding::resource_id>("resource_id"),
                                     field<&GatewayBinding::created_at>("created_at"),
                                     field<&GatewayBinding::last_updated_at>("last_updated_at"),
                                     field<&GatewayBinding::created_by>("created_by"),
                                     field<&GatewayBinding::last_updated_by>("last_updated_by")};
};
struct OneBinding {
  GatewayBinding binding;
  static constexpr Field fields[] = {field<&OneBinding::binding>("binding")};
};
struct GatewayBindings {
  std::vector<GatewayBinding> bindings;
  static constexpr Field fields[] = {field<&GatewayBindings::bindings>("bindings")};
};
struct BindingRef {
  std::string endpoint_id, resource_type, resource_id, created_by;
  static constexpr Field fields[] = {field<&BindingRef::endpoint_id>("endpoint_id", required),
                                     field<&BindingRef::resource_type>("resource_type", required | about("scorer")),
                                     field<&BindingRef::resource_id>("resource_id", required),
                                     field<&BindingRef::created_by>("created_by")};
};
struct ListBindings {
  std::string endpoint_id, resource_type, resource_id;
  static constexpr Field fields[] = {field<&ListBindings::endpoint_id>("endpoint_id"),
                                     field<&ListBindings::resource_type>("resource_type"),
                                     field<&ListBindings::resource_id>("resource_id")};
};
struct SetEndpointTag {
  std::string endpoint_id, key, value;
  static constexpr Field fields[] = {field<&SetEndpointTag::endpoint_id>("endpoint_id", required),
                                     field<&SetEndpointTag::key>("key", required),
                                     field<&SetEndpointTag::value>("value")};
};
struct EndpointTagRef {
  std::string endpoint_id, key;
  static constexpr Field fields[] = {field<&EndpointTagRef::endpoint_id>("endpoint_id", required),
                                     field<&EndpointTagRef::key>("key", required)};
};

/// Finds the endpoint, lets `edit` change it and stores it.
template <class Edit>
void changeEndpoint(Call& call, const std::string& id, Edit edit) {
  call.core.store.change(call.actor(), [&](registry::Change& change) {
    Endpoint endpoint = gateway::getEndpoint(change.transaction, call.workspace, id);
    edit(change, endpoint);
    gateway::saveEndpoint(change, call.workspace, std::move(endpoint));
  });
}

OneMapping attachModel(Call& call, const AttachModel& in) {
  return call.core.store.change(call.actor(), [&](registry::Change& change) -> OneMapping {
    Endpoint endpoint = gateway::getEndpoint(change.transaction, call.workspace, in.endpoint_id);
    gateway::getModel(change.transaction, call.workspace, in.model_config.model_definition_id);
    endpoint.models.push_back(wire::mappingOf(in.model_config, "model_config", in.created_by));
    if (!in.created_by.empty()) endpoint.stamp.updatedBy = in.created_by;
    Endpoint saved = gateway::saveEndpoint(change, call.workspace, std::move(endpoint));
    return {wire::mappingOf(change.transaction, call.workspace, in.endpoint_id, saved.models.back())};
  });
}

Empty detachModel(Call& call, const DetachModel& in) {
  changeEndpoint(call, in.endpoint_id, [&](registry::Change&, Endpoint& endpoint) {
    auto found = std::ranges::find(endpoint.models, in.model_definition_id, &gateway::Mapping::modelId);
    if (found == endpoint.models.end())
      throw error(Code::notFound, "Model definition '{}' is not attached to endpoint '{}'", in.model_definition_id,
                  in.endpoint_id);
    endpoint.models.erase(found);
  });
  return {};
}

GatewayBinding wireOf(const std::string& endpoint, const gateway::Binding& b) {
  return {endpoint,
          b.resourceType,
          b.resourceId,
          b.stamp.createdAt,
          b.stamp.updatedAt,
          unlessEmpty(b.stamp.createdBy),
          unlessEmpty(b.stamp.updatedBy)};
}

auto isBinding(const BindingRef& in) {
  return
      [&in](const gateway::Binding& b) { return b.resourceType == in.resource_type && b.resourceId == in.resource_id; };
}

OneBinding createBinding(Call& call, const BindingRef& in) {
  if (in.resource_type != "scorer")
    throw error(Code::invalid, "'{}' is not a valid GatewayResourceType", in.resource_type);
  gateway::Binding made{.resourceType = in.resource_type, .resourceId = in.resource_id};
  changeEndpoint(call, in.endpoint_id, [&](registry::Change& change, Endpoint& endpoint) {
    if (std::ranges::any_of(endpoint.bindings, isBinding(in)))
      throw error(Code::exists, "Endpoint '{}' is already bound to {} '{}'", in.endpoint_id, in.resource_type,
                  in.resource_id);
    made.stamp = {in.created_by, in.created_by, change.now, change.now};
    endpoint.bindings.push_back(made);
  });
  return {wireOf(in.endpoint_id, made)};
}

Empty deleteBinding(Call& call, const BindingRef& in) {
  changeEndpoint(call, in.endpoint_id, [&](registry::Change&, Endpoint& endpoint) {
    if (std::erase_if(endpoint.bindings, isBinding(in)) == 0)
      throw error(Code::notFound,
                  "GatewayEndpointBinding not found (endpoint_id='{}', resource_type='{}', resource_id='{}')",
                  in.endpoint_id, in.resource_type, in.resource_id);
  });
  return {};
}

/// A scorer whose model is an endpoint is bound to it. Shows scorers of experiments that the caller may read.
void addScorers(Call& call, db::Transaction& transaction, const ListBindings& in, GatewayBindings& found) {
  for (const auto& experiment : tracking::listExperiments(transaction, call.workspace, tracking::View::activeOnly)) {
    if (!call.identity->may(access::Verb::read, call.workspace, experiment.name)) continue;
    for (const evaluation::EndpointUse& use : evaluation::endpointUses(transaction, call.workspace, experiment.id)) {
      auto same = [&](const GatewayBinding& b) {
        return b.endpoint_id == use.endpointId && b.resource_id == use.scorerId;
      };
      if ((!in.endpoint_id.empty() && in.endpoint_id != use.endpointId) ||
          (!in.resource_id.empty() && in.resource_id != use.scorerId) || std::ranges::any_of(found.bindings, same))
        continue;
      found.bindings.push_back(
          {use.endpointId, "scorer", use.scorerId, use.createdAt, use.createdAt, std::nullopt, std::nullopt});
    }
  }
}

GatewayBindings listBindings(Call& call, const ListBindings& in) {
  requireGatewayReader(call);
  return call.core.store.read([&](db::Transaction& transaction) {
    GatewayBindings found;
    for (const Endpoint& endpoint : gateway::listEndpoints(transaction, call.workspace)) {
      if (!in.endpoint_id.empty() && endpoint.endpointId != in.endpoint_id) continue;
      for (const gateway::Binding& binding : endpoint.bindings)
        if ((in.resource_type.empty() || binding.resourceType == in.resource_type) &&
            (in.resource_id.empty() || binding.resourceId == in.resource_id))
          found.bindings.push_back(wireOf(endpoint.endpointId, binding));
    }
    if (in.resource_type.empty() || in.resource_type == "scorer") addScorers(call, transaction, in, found);
    return found;
  });
}

Empty setEndpointTag(Call& call, const SetEndpointTag& in) {
  changeEndpoint(call, in.endpoint_id,
                 [&](registry::Change&, Endpoint& endpoint) { endpoint.tags.insert_or_assign(in.key, in.value); });
  return {};
}

Empty deleteEndpointTag(Call& call, const EndpointTagRef& in) {
  changeEndpoint(call, in.endpoint_id, [&](registry::Change&, Endpoint& endpoint) { endpoint.tags.erase(in.key); });
  return {};
}

}  // namespace

wire::GatewayMapping wire::mappingOf(db::Transaction& transaction, const std::string& workspace,
                                     const std::string& endpoint, const gateway::Mapping& m) {
  return {.mapping_id = m.mappingId,
          .endpoint_id = endpoint,
          .model_definition_id = m.modelId,
          .model_definition = modelOf(gateway::getModel(transaction, workspace, m.modelId)),
          .weight = m.weight,
          .linkage_type = m.linkage,
          .fallback_order = m.order,
          .created_at = m.createdAt,
          .created_by = unlessEmpty(m.createdBy)};
}

gateway::Mapping wire::mappingOf(const GatewayModelConfig& config, const std::string& place, const std::string& by) {
  if (config.linkage_type.empty())
    throw error(Code::invalid,
                "Invalid or missing value for required parameter 'linkage_type' in {}. Must be one of: PRIMARY, "
                "FALLBACK.",
                place);
  return {.mappingId = {},
          .modelId = config.model_definition_id,
          .linkage = config.linkage_type,
          .weight = config.weight,
          .order = config.fallback_order,
          .createdAt = 0,
          .createdBy = by};
}

std::span<const Route> gatewayLinkRoutes() {
  constexpr std::string_view what = "the gateway";
  static const Route routes[] = {
      post("/api/3.0/mlflow/gateway/endpoints/models/attach", "Attach a model to an endpoint of the gateway",
           administers(what), attachModel),
      post("/api/3.0/mlflow/gateway/endpoints/models/detach", "Remove a model from an endpoint of the gateway",
           administers(what), detachModel),
      post("/api/3.0/mlflow/gateway/endpoints/bindings/create", "Bind an endpoint of the gateway to a resource",
           administers(what), createBinding),
      del("/api/3.0/mlflow/gateway/endpoints/bindings/delete", "Delete a binding of an endpoint of the gateway",
          administers(what), deleteBinding),
      get("/api/3.0/mlflow/gateway/endpoints/bindings/list", "List bindings of the gateway", scanning(reads(what)),
          listBindings),
      post("/api/3.0/mlflow/gateway/endpoints/set-tag", "Set a tag of an endpoint of the gateway", administers(what),
           setEndpointTag),
      del("/api/3.0/mlflow/gateway/endpoints/delete-tag", "Delete a tag of an endpoint of the gateway",
          administers(what), deleteEndpointTag),
  };
  return routes;
}

}  // namespace regesta::api::mlflow
