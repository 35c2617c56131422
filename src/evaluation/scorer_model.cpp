#include "evaluation/scorer_model.h"

#include "base/error.h"
#include "base/text.h"
#include "gateway/endpoint.h"

namespace regesta::evaluation {
namespace {

constexpr std::string_view gatewayScheme = "gateway:/";

json::object* memberOf(json::object& object, std::string_view name) {
  json::value* value = object.if_contains(name);
  return value && value->is_object() ? &value->get_object() : nullptr;
}

/// The model that judges, or nothing.
json::value* modelOf(json::object& body) {
  for (std::string_view kind :
       {"instructions_judge_pydantic_data", "builtin_scorer_pydantic_data", "third_party_scorer_data"})
    if (json::object* data = memberOf(body, kind)) return data->if_contains("model");
  json::object* memory = memberOf(body, "memory_augmented_judge_data");
  json::object* base = memory ? memberOf(*memory, "base_judge") : nullptr;
  return base ? modelOf(*base) : nullptr;
}

std::optional<std::string> endpointIn(const json::value* model) {
  if (!model || !model->is_string()) return std::nullopt;
  std::string_view text = model->get_string();
  if (!text.starts_with(gatewayScheme)) return std::nullopt;
  return std::string(trim(text.substr(gatewayScheme.size())));
}

json::value modelAt(std::string_view endpoint) { return json::value(fmt::format("{}{}", gatewayScheme, endpoint)); }

/// The body with another model: `other` gets the present endpoint.
template <class Other>
std::string withEndpoint(std::string body, Other other) {
  json::value value = parseJson(body);
  json::value* model = value.is_object() ? modelOf(value.get_object()) : nullptr;
  std::optional<std::string> endpoint = endpointIn(model);
  if (!endpoint) return body;
  *model = other(*endpoint);
  return writeJson(value);
}

/// Whether instructions have the variable {{ expectations }}.
bool asksForExpectations(std::string_view instructions) {
  for (std::size_t at = instructions.find("{{"); at != std::string_view::npos; at = instructions.find("{{", at + 2)) {
    std::string_view rest = instructions.substr(at + 2);
    if (trim(rest.substr(0, rest.find("}}"))) == "expectations") return true;
  }
  return false;
}

}  // namespace

void checkScorerModel(json::value& body) {
  const json::value* model = body.is_object() ? modelOf(body.get_object()) : nullptr;
  if (!model || model->is_null()) return;
  if (!model->is_string()) throw Invalid("model", "must be a string");
  if (trim(model->get_string()).empty())
    throw Error(Code::invalid, "Scorer model cannot be empty or contain only whitespace.");
}

std::string withEndpointIds(db::Transaction& transaction, std::string_view workspace, std::string body) {
  return withEndpoint(std::move(body), [&](const std::string& name) {
    return modelAt(gateway::getNamed(transaction, workspace, gateway::endpoints, name).id);
  });
}

std::string withEndpointNames(db::Transaction& transaction, std::string_view workspace, std::string body) {
  if (body.find(gatewayScheme) == std::string::npos) return body;  // withEndpointIds() escapes nothing
  return withEndpoint(std::move(body), [&](const std::string& id) {
    std::optional<gateway::Item> item = gateway::findItem(transaction, workspace, gateway::endpoints, id);
    return item ? modelAt(item->name) : json::value();
  });
}

std::optional<std::string> endpointOf(const std::string& body) {
  json::value value = parseJson(body);
  return value.is_object() ? endpointIn(modelOf(value.get_object())) : std::nullopt;
}

void checkGradesAlone(std::string_view name, const std::string& body) {
  if (!endpointOf(body))
    throw error(Code::invalid,
                "Scorer '{}' does not use a gateway model. Automatic evaluation is only supported for scorers that use "
                "gateway models.",
                name);
  json::value value = parseJson(body);
  json::object* judge = memberOf(value.get_object(), "instructions_judge_pydantic_data");
  if (judge && asksForExpectations(memberText(*judge, "instructions")))
    throw error(Code::invalid,
                "Scorer '{}' requires expectations, but scorers with expectations are not currently supported for "
                "automatic evaluation.",
                name);
}

}  // namespace regesta::evaluation
