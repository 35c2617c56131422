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

std::optional<std::string> readFindings(const json::value& value, std::string_view set, std::vector<Finding>& out) {
  if (!value.is_array())
    return fmt::format("`{}` is not a set of findings: write `{} contains {{\"code\": …, \"msg\": …}} if {{ … }}`", set,
                       set);
  for (const auto& item : value.as_array()) {
    if (item.is_string()) {
      out.push_back({.msg = std::string(item.as_string())});
    } else if (item.is_object()) {
      json::object members = item.as_object();
      Finding finding{.code = take(members, "code"), .msg = take(members, "msg"), .cure = take(members, "cure")};
      if (finding.code.empty() && finding.msg.empty())
        return fmt::format("a member of `{}` has neither code nor msg: {}", set, json::serialize(item));
      finding.more = std::move(members);
      out.push_back(std::move(finding));
    } else {
      return fmt::format("a member of `{}` is neither a string nor an object: {}", set, json::serialize(item));
    }
  }
  return {};
}

json::array findingsToJson(const std::vector<Finding>& findings) {
  json::array list;
  for (const auto& finding : findings) {
    json::object members{{"code", finding.code}, {"msg", finding.msg}};
    if (!finding.cure.empty()) members["cure"] = finding.cure;
    for (const auto& [name, value] : finding.more) members.insert_or_assign(name, value);
    list.emplace_back(std::move(members));
  }
  return list;
}

}  // namespace

Verdict readVerdict(const json::value& answer) {
  if (!answer.is_object()) return {.error = "the policy's answer is not an object"};
  Verdict verdict;
  for (const auto& [name, value] : answer.as_object()) {
    auto* findings = name == "deny" ? &verdict.deny : name == "warn" ? &verdict.warn : &verdict.require;
    if (name != "deny" && name != "warn" && name != "require") continue;
    if (auto wrong = readFindings(value, name, *findings)) return {.error = std::move(*wrong)};
  }
  return verdict;
}

json::object toJson(const Verdict& verdict) {
  json::object out{{"deny", findingsToJson(verdict.deny)},
                   {"warn", findingsToJson(verdict.warn)},
                   {"require", findingsToJson(verdict.require)}};
  if (!verdict.error.empty()) out["error"] = verdict.error;
  return out;
}

}  // namespace regesta::policy
