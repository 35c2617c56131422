#include "policy/verdict.h"

#include <fmt/format.h>

namespace regesta::policy {
namespace {

std::string take(json::object& members, std::string_view name) {
  auto found = members.find(name);
  if (found == members.end() || !found->value().is_string()) return {};
  std::string text(found->value().as_string());
  members.erase(found);
  return text;
}

std::optional<std::string> readViolations(const json::value& value, std::string_view set, std::vector<Violation>& out) {
  if (!value.is_array())
    return fmt::format("`{}` is not a set: write `{} contains {{\"code\": …, \"msg\": …}} if {{ … }}`", set, set);
  for (const auto& item : value.as_array()) {
    if (item.is_string()) {
      out.push_back({.msg = std::string(item.as_string())});
    } else if (item.is_object()) {
      json::object members = item.as_object();
      Violation violation{
          .code = take(members, "code"), .msg = take(members, "msg"), .remediation = take(members, "remediation")};
      if (violation.remediation.empty()) violation.remediation = take(members, "cure");
      if (violation.code.empty() && violation.msg.empty())
        return fmt::format("a member of `{}` has neither code nor msg: {}", set, json::serialize(item));
      violation.more = std::move(members);
      out.push_back(std::move(violation));
    } else {
      return fmt::format("a member of `{}` is neither a string nor an object: {}", set, json::serialize(item));
    }
  }
  return {};
}

json::array violationsToJson(const std::vector<Violation>& violations) {
  json::array list;
  for (const auto& violation : violations) {
    json::object members{{"code", violation.code}, {"msg", violation.msg}};
    if (!violation.remediation.empty()) members["remediation"] = violation.remediation;
    for (const auto& [name, value] : violation.more) members.insert_or_assign(name, value);
    list.emplace_back(std::move(members));
  }
  return list;
}

}  // namespace

Verdict readVerdict(const json::value& answer) {
  if (!answer.is_object()) return {.error = "the policy's result is not an object"};
  Verdict verdict;
  for (const auto& [name, value] : answer.as_object()) {
    auto* violations = name == "deny" ? &verdict.deny : name == "warn" ? &verdict.warn : &verdict.require;
    if (name != "deny" && name != "warn" && name != "require") continue;
    if (auto wrong = readViolations(value, name, *violations)) return {.error = std::move(*wrong)};
  }
  return verdict;
}

json::object toJson(const Verdict& verdict) {
  json::object out{{"deny", violationsToJson(verdict.deny)},
                   {"warn", violationsToJson(verdict.warn)},
                   {"require", violationsToJson(verdict.require)}};
  if (!verdict.error.empty()) out["error"] = verdict.error;
  return out;
}

}  // namespace regesta::policy
