#include "gateway/endpoint.h"

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/id.h"
#include "base/limits_gateway.h"
#include "base/text.h"
#include "gateway/texts.h"

namespace regesta::gateway {
namespace {

using Number = std::optional<std::int64_t>;

json::value packNumber(const Number& number) { return number ? json::value(*number) : json::value(); }

Number numberIn(const json::object& object, std::string_view member) {
  const json::value* value = object.if_contains(member);
  return value && value->is_int64() ? Number(value->get_int64()) : std::nullopt;
}

std::int64_t timeIn(const json::object& object, std::string_view member) {
  return numberIn(object, member).value_or(0);
}

json::object pack(const Mapping& m) {
  return {{"id", m.mappingId},        {"model", m.modelId},           {"linkage", m.linkage},
          {"weight", m.weight},       {"order", packNumber(m.order)}, {"created_at", m.createdAt},
          {"created_by", m.createdBy}};
}

json::object pack(const Binding& b) {
  return {{"type", b.resourceType},          {"id", b.resourceId},
          {"created_at", b.stamp.createdAt}, {"updated_at", b.stamp.updatedAt},
          {"created_by", b.stamp.createdBy}, {"updated_by", b.stamp.updatedBy}};
}

json::object pack(const GuardrailUse& g) {
  return {
      {"id", g.guardrailId}, {"order", packNumber(g.order)}, {"created_at", g.createdAt}, {"created_by", g.createdBy}};
}

void unpack(const json::object& from, Mapping& m) {
  m = {.mappingId = memberText(from, "id"),
       .modelId = memberText(from, "model"),
       .linkage = memberText(from, "linkage"),
       .weight = from.at("weight").to_number<double>(),
       .order = numberIn(from, "order"),
       .createdAt = timeIn(from, "created_at"),
       .createdBy = memberText(from, "created_by")};
}

void unpack(const json::object& from, Binding& b) {
  b = {.resourceType = memberText(from, "type"),
       .resourceId = memberText(from, "id"),
       .stamp = {.createdBy = memberText(from, "created_by"),
                 .updatedBy = memberText(from, "updated_by"),
                 .createdAt = timeIn(from, "created_at"),
                 .updatedAt = timeIn(from, "updated_at")}};
}

void unpack(const json::object& from, GuardrailUse& g) {
  g = {.guardrailId = memberText(from, "id"),
       .order = numberIn(from, "order"),
       .createdAt = timeIn(from, "created_at"),
       .createdBy = memberText(from, "created_by")};
}

template <class Part>
json::array packAll(const std::vector<Part>& parts) {
  json::array packed;
  for (const Part& part : parts) packed.push_back(pack(part));
  return packed;
}

template <class Part>
std::vector<Part> unpackAll(const json::object& body, std::string_view member) {
  std::vector<Part> parts;
  for (const json::value& one : body.at(member).as_array()) unpack(one.as_object(), parts.emplace_back());
  return parts;
}

json::object packEndpoint(const Endpoint& e) {
  json::value fallback;
  if (e.fallback) fallback = {{"strategy", e.fallback->strategy}, {"attempts", packNumber(e.fallback->attempts)}};
  return {{"routing", e.routing},
          {"fallback", std::move(fallback)},
          {"experiment", packNumber(e.experiment)},
          {"usage_tracking", e.usageTracking},
          {"tags", packTexts(e.tags)},
          {"models", packAll(e.models)},
          {"bindings", packAll(e.bindings)},
          {"guardrails", packAll(e.guardrails)}};
}

Endpoint endpointOf(const Item& item) {
  Endpoint e{.endpointId = item.id,
             .name = item.name,
             .routing = memberText(item.body, "routing"),
             .experiment = numberIn(item.body, "experiment"),
             .usageTracking = item.body.at("usage_tracking").as_bool(),
             .tags = unpackTexts(item.body, "tags"),
             .models = unpackAll<Mapping>(item.body, "models"),
             .bindings = unpackAll<Binding>(item.body, "bindings"),
             .guardrails = unpackAll<GuardrailUse>(item.body, "guardrails"),
             .stamp = item.stamp};
  if (const json::object* fallback = item.body.at("fallback").if_object())
    e.fallback = Fallback{memberText(*fallback, "strategy"), numberIn(*fallback, "attempts")};
  return e;
}

void checkParts(db::Transaction& transaction, std::string_view workspace, const Endpoint& e) {
  if (e.models.size() + e.bindings.size() + e.guardrails.size() + e.tags.size() > limits::gatewayEndpointParts)
    throw error(Code::tooLarge, "an endpoint may have at most {} models, bindings, guardrails and tags",
                limits::gatewayEndpointParts);
  std::set<std::pair<std::string_view, std::string_view>> seen;
  std::vector<std::string> missing;
  for (const Mapping& mapping : e.models) {
    if (!findItem(transaction, workspace, models, mapping.modelId)) missing.push_back(shorten(mapping.modelId, 100));
    if (!seen.emplace(mapping.modelId, mapping.linkage).second)
      throw error(Code::exists, "Model definition '{}' is already attached to endpoint '{}'", mapping.modelId,
                  e.endpointId.empty() ? e.name : e.endpointId);
  }
  if (!missing.empty()) throw error(Code::notFound, "Model definitions not found: {}", join(missing, ", "));
}

void requireFree(db::Transaction& transaction, std::string_view workspace, const Endpoint& e) {
  auto other = findNamed(transaction, workspace, endpoints, e.name);
  if (other && other->id != e.endpointId) throw error(Code::exists, "Endpoint with name '{}' already exists", e.name);
}

void nameMappings(registry::Change& change, Endpoint& e) {
  for (Mapping& mapping : e.models) {
    if (!mapping.mappingId.empty()) continue;
    mapping.mappingId = "m-" + randomHex(16);
    mapping.createdAt = change.now;
  }
}

}  // namespace

Endpoint createEndpoint(registry::Change& change, std::string_view workspace, Endpoint told) {
  if (told.models.empty()) throw Error(Code::invalid, "Endpoint must have at least one model configuration");
  checkParts(change.transaction, workspace, told);
  requireFree(change.transaction, workspace, told);
  nameMappings(change, told);
  Item item{.workspace = std::string(workspace),
            .kind = std::string(endpoints.name),
            .id = told.endpointId.empty() ? newId(endpoints) : told.endpointId,
            .name = told.name,
            .body = packEndpoint(told),
            .stamp = told.stamp};
  insertItem(change, item);
  return endpointOf(item);
}

Endpoint saveEndpoint(registry::Change& change, std::string_view workspace, Endpoint changed) {
  Item item = getItem(change.transaction, workspace, endpoints, changed.endpointId);
  checkParts(change.transaction, workspace, changed);
  requireFree(change.transaction, workspace, changed);
  nameMappings(change, changed);
  item.name = changed.name;
  item.body = packEndpoint(changed);
  item.stamp.updatedBy = changed.stamp.updatedBy;
  updateItem(change, item);
  return endpointOf(item);
}

void deleteEndpoint(registry::Change& change, std::string_view workspace, std::string_view id) {
  removeItem(change, getItem(change.transaction, workspace, endpoints, id));
}

Endpoint getEndpoint(db::Transaction& transaction, std::string_view workspace, std::string_view id) {
  return endpointOf(getItem(transaction, workspace, endpoints, id));
}

Endpoint getEndpointByName(db::Transaction& transaction, std::string_view workspace, std::string_view name) {
  return endpointOf(getNamed(transaction, workspace, endpoints, name));
}

std::vector<Endpoint> listEndpoints(db::Transaction& transaction, std::string_view workspace) {
  std::vector<Endpoint> found;
  for (const Item& item : listItems(transaction, workspace, endpoints)) found.push_back(endpointOf(item));
  return found;
}

}  // namespace regesta::gateway
