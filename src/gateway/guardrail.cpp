#include "gateway/guardrail.h"

#include <algorithm>

#include "gateway/endpoint.h"

namespace regesta::gateway {
namespace {

Guardrail guardrailOf(const Item& item) {
  return {.guardrailId = item.id,
          .name = memberText(item.body, "name"),
          .scorerId = memberText(item.body, "scorer"),
          .scorerVersion = item.body.at("scorer_version").to_number<std::int64_t>(),
          .stage = memberText(item.body, "stage"),
          .action = memberText(item.body, "action"),
          .actionEndpoint = memberText(item.body, "action_endpoint"),
          .stamp = item.stamp};
}

}  // namespace

Guardrail createGuardrail(registry::Change& change, std::string_view workspace, const Guardrail& told) {
  if (!told.actionEndpoint.empty()) getItem(change.transaction, workspace, endpoints, told.actionEndpoint);
  std::string id = newId(guardrails);
  Item item{.workspace = std::string(workspace),
            .kind = std::string(guardrails.name),
            .id = id,
            .name = id,
            .body = {{"name", told.name},
                     {"scorer", told.scorerId},
                     {"scorer_version", told.scorerVersion},
                     {"stage", told.stage},
                     {"action", told.action},
                     {"action_endpoint", told.actionEndpoint}},
            .stamp = told.stamp};
  insertItem(change, item);
  return guardrailOf(item);
}

void deleteGuardrail(registry::Change& change, std::string_view workspace, std::string_view id) {
  Item item = getItem(change.transaction, workspace, guardrails, id);
  for (Endpoint& endpoint : listEndpoints(change.transaction, workspace))
    if (std::erase_if(endpoint.guardrails, [&](const GuardrailUse& use) { return use.guardrailId == id; }) > 0)
      saveEndpoint(change, workspace, std::move(endpoint));
  removeItem(change, item);
}

Guardrail getGuardrail(db::Transaction& transaction, std::string_view workspace, std::string_view id) {
  return guardrailOf(getItem(transaction, workspace, guardrails, id));
}

std::vector<Guardrail> listGuardrails(db::Transaction& transaction, std::string_view workspace) {
  std::vector<Guardrail> found;
  for (const Item& item : listItems(transaction, workspace, guardrails)) found.push_back(guardrailOf(item));
  std::ranges::sort(found, {}, &Guardrail::guardrailId);
  return found;
}

}  // namespace regesta::gateway
