#include <algorithm>
#include <limits>

#include "api/mlflow/gateway.h"
#include "api/mlflow/gateway_wire.h"
#include "api/tracking_scope.h"
#include "evaluation/scorer.h"
#include "filter/filter.h"
#include "gateway/guardrail.h"
#include "tracking/ranking.h"

namespace regesta::api::mlflow {
namespace {

constexpr std::string_view stageWords[] = {"BEFORE", "AFTER"};
constexpr std::string_view guardWords[] = {"VALIDATION", "SANITIZATION"};

struct GuardrailScorer {
  std::int64_t experiment_id = 0;
  std::string scorer_name;
  std::int64_t scorer_version = 0;
  std::string serialized_scorer;
  std::int64_t creation_time = 0;
  std::string scorer_id;
  static constexpr Field fields[] = {field<&GuardrailScorer::experiment_id>("experiment_id"),
                                     field<&GuardrailScorer::scorer_name>("scorer_name"),
                                     field<&GuardrailScorer::scorer_version>("scorer_version"),
                                     field<&GuardrailScorer::serialized_scorer>("serialized_scorer"),
                                     field<&GuardrailScorer::creation_time>("creation_time"),
                                     field<&GuardrailScorer::scorer_id>("scorer_id")};
};
struct Guardrail {
  std::string guardrail_id, name;
  std::optional<GuardrailScorer> scorer;
  std::string stage, action;
  std::optional<std::string> action_endpoint_id;
  std::string created_by;
  std::int64_t created_at = 0;
  std::string last_updated_by;
  std::int64_t last_updated_at = 0;
  static constexpr Field fields[] = {field<&Guardrail::guardrail_id>("guardrail_id"),
                                     field<&Guardrail::name>("name"),
                                     field<&Guardrail::scorer>("scorer"),
                                     field<&Guardrail::stage>("stage", oneOf(stageWords)),
                                     field<&Guardrail::action>("action", oneOf(guardWords)),
                                     field<&Guardrail::action_endpoint_id>("action_endpoint_id"),
                                     field<&Guardrail::created_by>("created_by"),
                                     field<&Guardrail::created_at>("created_at"),
                                     field<&Guardrail::last_updated_by>("last_updated_by"),
                                     field<&Guardrail::last_updated_at>("last_updated_at")};
};
struct OneGuardrail {
  Guardrail guardrail;
  static constexpr Field fields[] = {field<&OneGuardrail::guardrail>("guardrail")};
};
struct Guardrails {
  std::vector<Guardrail> guardrails;
  std::optional<std::string> next_page_token;
  static constexpr Field fields[] = {field<&Guardrails::guardrails>("guardrails"),
                                     field<&Guardrails::next_page_token>("next_page_token")};
};
struct CreateGuardrail {
  std::string name, scorer_id;
  std::int64_t scorer_version = 0;
  std::string stage, action, action_endpoint_id;
  static constexpr Field fields[] = {field<&CreateGuardrail::name>("name", required),
                                     field<&CreateGuardrail::scorer_id>("scorer_id", required),
                                     field<&CreateGuardrail::scorer_version>("scorer_version", required),
                                     field<&CreateGuardrail::stage>("stage", required | oneOf(stageWords)),
                                     field<&CreateGuardrail::action>("action", required | oneOf(guardWords)),
                                     field<&CreateGuardrail::action_endpoint_id>("action_endpoint_id")};
};
struct GuardrailRef {
  std::string guardrail_id;
  static constexpr Field fields[] = {field<&GuardrailRef::guardrail_id>("guardrail_id", required)};
};
struct ListGuardrails {
  std::int64_t max_results = 1000;
  std::string page_token;
  static constexpr Field fields[] = {field<&ListGuardrails::max_results>("max_results"),
                                     field<&ListGuardrails::page_token>("page_token")};
};
struct GuardrailConfig {
  std::string endpoint_id, guardrail_id;
  std::optional<std::int64_t> execution_order;
  std::string created_by;
  std::int64_t created_at = 0;
  std::optional<Guardrail> guardrail;
  static constexpr Field fields[] = {field<&GuardrailConfig::endpoint_id>("endpoint_id"),
                                     field<&GuardrailConfig::guardrail_id>("guardrail_id"),
                                     field<&GuardrailConfig::execution_order>("execution_order"),
                                     field<&GuardrailConfig::created_by>("created_by"),
                                     field<&GuardrailConfig::created_at>("created_at"),
                                     field<&GuardrailConfig::guardrail>("guardrail")};
};
struct OneGuardrailConfig {
  GuardrailConfig config;
  static constexpr Field fields[] = {field<&OneGuardrailConfig::config>("config")};
};
struct GuardrailConfigs {
  std::vector<GuardrailConfig> configs;
  static constexpr Field fields[] = {field<&GuardrailConfigs::configs>("configs")};
};
struct GuardrailUseRef {
  std::string endpoint_id, guardrail_id;
  std::optional<std::int64_t> execution_order;
  static constexpr Field fields[] = {field<&GuardrailUseRef::endpoint_id>("endpoint_id", required),
                                     field<&GuardrailUseRef::guardrail_id>("guardrail_id", required),
                                     field<&GuardrailUseRef::execution_order>("execution_order")};
};
struct EndpointOfGuardrails {
  std::string endpoint_id;
  static constexpr Field fields[] = {field<&EndpointOfGuardrails::endpoint_id>("endpoint_id", required)};
};

/// Only to those who may read the scorer's experiment.
std::optional<GuardrailScorer> scorerOf(const Call& call, db::Transaction& transaction,
                                        const gateway::Guardrail& guardrail) {
  auto s = evaluation::findScorer(transaction, call.workspace, guardrail.scorerId, guardrail.scorerVersion);
  if (!s || readable(call, transaction, {s->experiment}).empty()) return std::nullopt;
  return GuardrailScorer{s->experiment, s->name, s->version, s->body, s->createdAt, s->scorerId};
}

Guardrail wireOf(const Call& call, db::Transaction& transaction, const gateway::Guardrail& g) {
  return {.guardrail_id = g.guardrailId,
          .name = g.name,
          .scorer = scorerOf(call, transaction, g),
          .stage = g.stage,
          .action = g.action,
          .action_endpoint_id = wire::unlessEmpty(g.actionEndpoint),
          .created_by = g.stamp.createdBy,
          .created_at = g.stamp.createdAt,
          .last_updated_by = g.stamp.updatedBy,
          .last_updated_at = g.stamp.updatedAt};
}

GuardrailConfig wireOf(const std::string& endpoint, const gateway::GuardrailUse& use) {
  return {.endpoint_id = endpoint,
          .guardrail_id = use.guardrailId,
          .execution_order = use.order,
          .created_by = use.createdBy,
          .created_at = use.createdAt,
          .guardrail = {}};
}

void requireScorer(const Call& call, db::Transaction& transaction, const CreateGuardrail& in) {
  auto scorer = evaluation::findScorer(transaction, call.workspace, in.scorer_id, in.scorer_version);
  if (!scorer || readable(call, transaction, {scorer->experiment}).empty())
    throw error(Code::notFound, "Scorer with ID '{}' and version {} not found.", in.scorer_id, in.scorer_version);
}

OneGuardrail createGuardrail(Call& call, const CreateGuardrail& in) {
  gateway::Guardrail told{.name = in.name,
                          .scorerId = in.scorer_id,
                          .scorerVersion = in.scorer_version,
                          .stage = in.stage,
                          .action = in.action,
                          .actionEndpoint = in.action_endpoint_id,
                          .stamp = {.createdBy = call.actor().shortName(), .updatedBy = call.actor().shortName()}};
  return call.core.store.change(call.actor(), [&](registry::Change& change) -> OneGuardrail {
    requireScorer(call, change.transaction, in);
    return {wireOf(call, change.transaction, gateway::createGuardrail(change, call.workspace, told))};
  });
}

OneGuardrail getGuardrail(Call& call, const GuardrailRef& in) {
  requireGatewayReader(call);
  return call.core.store.read([&](db::Transaction& transaction) -> OneGuardrail {
    return {wireOf(call, transaction, gateway::getGuardrail(transaction, call.workspace, in.guardrail_id))};
  });
}

Guardrails listGuardrails(Call& call, const ListGuardrails& in) {
  requireGatewayReader(call);
  tracking::checkMaxResults(in.max_results);
  std::int64_t skip = tracking::pageOffset(in.page_token);
  return call.core.store.read([&](db::Transaction& transaction) {
    std::vector<gateway::Guardrail> all = gateway::listGuardrails(transaction, call.workspace);
    Guardrails found;
    for (std::int64_t i = skip; i < std::ssize(all) && i - skip < in.max_results; ++i)
      found.guardrails.push_back(wireOf(call, transaction, all[static_cast<std::size_t>(i)]));
    if (skip + in.max_results < std::ssize(all)) found.next_page_token = filter::pageToken(skip + in.max_results);
    return found;
  });
}

Empty deleteGuardrail(Call& call, const GuardrailRef& in) {
  call.core.store.change(call.actor(), [&](registry::Change& change) {
    gateway::deleteGuardrail(change, call.workspace, in.guardrail_id);
  });
  return {};
}

/// The use of a guardrail by an endpoint, which `edit` may change; it returns the use.
template <class Edit>
OneGuardrailConfig changeUse(Call& call, const GuardrailUseRef& in, Edit edit) {
  return call.core.store.change(call.actor(), [&](registry::Change& change) -> OneGuardrailConfig {
    gateway::Endpoint endpoint = gateway::getEndpoint(change.transaction, call.workspace, in.endpoint_id);
    auto use = std::ranges::find(endpoint.guardrails, in.guardrail_id, &gateway::GuardrailUse::guardrailId);
    GuardrailConfig shown = wireOf(in.endpoint_id, edit(change, endpoint, use));
    shown.guardrail =
        wireOf(call, change.transaction, gateway::getGuardrail(change.transaction, call.workspace, in.guardrail_id));
    gateway::saveEndpoint(change, call.workspace, std::move(endpoint));
    return {std::move(shown)};
  });
}

using Use = std::vector<gateway::GuardrailUse>::iterator;

void requireUse(const GuardrailUseRef& in, const gateway::Endpoint& endpoint, Use use) {
  if (use == endpoint.guardrails.end())
    throw error(Code::notFound, "GuardrailConfig not found (endpoint_id='{}', guardrail_id='{}')", in.endpoint_id,
                in.guardrail_id);
}

OneGuardrailConfig addGuardrail(Call& call, const GuardrailUseRef& in) {
  return changeUse(call, in, [&](registry::Change& change, gateway::Endpoint& endpoint, Use use) {
    gateway::getGuardrail(change.transaction, call.workspace, in.guardrail_id);
    if (use != endpoint.guardrails.end())
      throw error(Code::exists, "Guardrail '{}' is already added to endpoint '{}'", in.guardrail_id, in.endpoint_id);
    endpoint.guardrails.push_back({in.guardrail_id, in.execution_order, change.now, call.actor().shortName()});
    return endpoint.guardrails.back();
  });
}

OneGuardrailConfig updateGuardrailUse(Call& call, const GuardrailUseRef& in) {
  return changeUse(call, in, [&](registry::Change&, gateway::Endpoint& endpoint, Use use) {
    requireUse(in, endpoint, use);
    use->order = in.execution_order;
    return *use;
  });
}

Empty removeGuardrail(Call& call, const GuardrailUseRef& in) {
  changeUse(call, in, [&](registry::Change&, gateway::Endpoint& endpoint, Use use) {
    requireUse(in, endpoint, use);
    gateway::GuardrailUse removed = *use;
    endpoint.guardrails.erase(use);
    return removed;
  });
  return {};
}

/// By their order; those without one last.
GuardrailConfigs listUses(Call& call, const EndpointOfGuardrails& in) {
  requireGatewayReader(call);
  return call.core.store.read([&](db::Transaction& transaction) {
    gateway::Endpoint endpoint = gateway::getEndpoint(transaction, call.workspace, in.endpoint_id);
    std::ranges::sort(endpoint.guardrails, {}, [](const gateway::GuardrailUse& use) {
      return std::pair(use.order.value_or(std::numeric_limits<std::int64_t>::max()), use.guardrailId);
    });
    GuardrailConfigs found;
    for (const gateway::GuardrailUse& use : endpoint.guardrails) {
      found.configs.push_back(wireOf(in.endpoint_id, use));
      found.configs.back().guardrail =
          wireOf(call, transaction, gateway::getGuardrail(transaction, call.workspace, use.guardrailId));
    }
    return found;
  });
}

}  // namespace

std::span<const Route> gatewayGuardrailRoutes() {
  constexpr std::string_view what = "the gateway";
  static const Route routes[] = {
      post("/api/3.0/mlflow/gateway/guardrails/create", "Create a guardrail of the gateway", administers(what),
           createGuardrail),
      get("/api/3.0/mlflow/gateway/guardrails/get", "Get a guardrail of the gateway", reads(what), getGuardrail),
      get("/api/3.0/mlflow/gateway/guardrails/list", "List guardrails of the gateway", reads(what), listGuardrails),
      del("/api/3.0/mlflow/gateway/guardrails/delete", "Delete a guardrail of the gateway", administers(what),
          deleteGuardrail),
      post("/api/3.0/mlflow/gateway/guardrails/add-to-endpoint", "Add a guardrail to an endpoint of the gateway",
           administers(what), addGuardrail),
      del("/api/3.0/mlflow/gateway/guardrails/remove-from-endpoint",
          "Remove a guardrail from an endpoint of the gateway", administers(what), removeGuardrail),
      patch("/api/3.0/mlflow/gateway/guardrails/update-config", "Set the order of a guardrail of an endpoint",
            administers(what), updateGuardrailUse),
      get("/api/3.0/mlflow/gateway/guardrails/list-for-endpoint", "List guardrails of an endpoint of the gateway",
          reads(what), listUses),
  };
  return routes;
}

}  // namespace regesta::api::mlflow
