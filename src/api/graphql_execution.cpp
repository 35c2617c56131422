#include "api/graphql_execution.h"

#include <utility>

#include "api/client_error.h"
#include "base/log.h"
#include "base/text.h"

namespace regesta::api::graphql {
namespace {

// What one request may need.
constexpr std::size_t resolverCalls = 5000, answerValues = 500'000, answerBytes = 64 << 20;

bool namesType(const json::array& types, const std::string& type) {
  for (const json::value& one : types)
    if (one == json::string_view(type)) return true;
  return false;
}

}  // namespace

json::value Execution::run(const json::object& plan) {
  try {
    return fields({}, memberText(plan, "operation"), plan.at("fields").as_array());
  } catch (const TooMuch& fault) {
    note(fault);
    return nullptr;
  }
}

json::object Execution::fields(const json::object& parent, const std::string& type, const json::array& selections) {
  json::object made;
  for (const json::value& selection : selections) {
    const json::object& wanted = selection.as_object();
    if (const json::value* on = wanted.if_contains("on"); on && !namesType(on->as_array(), type)) continue;
    std::string key = memberText(wanted, "key");
    path_.push_back(key);
    json::value value = field(parent, type, wanted);
    path_.pop_back();
    if (made.contains(key) && made[key].is_object() && value.is_object())
      for (auto& member : value.as_object()) made[key].as_object().insert(member);
    else
      made[key] = std::move(value);
  }
  return made;
}

json::value Execution::field(const json::object& parent, const std::string& type, const json::object& wanted) {
  std::string name = memberText(wanted, "name");
  spend(name.size());
  if (name == "__typename") return json::value(type);
  json::value value;
  try {
    value = valueOf(parent, type, name, wanted);
  } catch (const TooMuch&) {
    throw;
  } catch (const Error& fault) {
    note(fault);
    return nullptr;
  }
  if (const json::string* text = value.if_string()) spend(text->size());
  return wanted.contains("fields") ? complete(value, wanted) : value;
}

json::value Execution::complete(json::value& value, const json::object& wanted) {
  if (value.is_array()) {
    json::array made;
    for (json::value& item : value.get_array()) made.push_back(complete(item, wanted));
    return made;
  }
  if (!value.is_object()) return nullptr;
  std::string type = memberText(value.get_object(), "__typename");
  return fields(value.get_object(), type.empty() ? memberText(wanted, "type") : type, wanted.at("fields").as_array());
}

void Execution::note(const Error& fault) {
  if (httpStatus(fault.code) >= 500) log(LogLevel::error, fault.message, {{"request", call_.http.id}});
  std::optional<Error> hidden = clientError(fault, call_.http.id);
  errors.push_back(errorItem(hidden ? *hidden : fault, json::array(path_.begin(), path_.end())));
}

void Execution::countResolver() {
  if (++calls_ > resolverCalls) throw TooMuch();
  budget_.check();
}

void Execution::spend(std::size_t bytes) {
  bytes_ += bytes;
  if (++values_ > answerValues || bytes_ > answerBytes) throw TooMuch();
  if (values_ % 1024 == 0) budget_.check();
}

}  // namespace regesta::api::graphql
