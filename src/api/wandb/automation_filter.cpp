#include "api/wandb/automation_filter.h"

#include <vector>

#include "api/wandb/artifact_rules.h"
#include "base/error.h"
#include "base/text.h"

namespace regesta::api::wandb {
namespace {

constexpr int deepest = 10;

std::string fieldOf(std::string_view name, bool ofRun) {
  if (ofRun && name == "display_name") return "input.data.name";
  if (!ofRun && name == "alias") return "input.data.pointer";
  throw error(Code::unsupported, "this server cannot filter the events of an automation by '{}', only by {}",
              shorten(std::string(name), 60), ofRun ? "the run's display name" : "the alias");
}

/// In Rego, the expressions of an array have values; conditions joined in another way would be statements.
std::string joined(const std::vector<std::string>& parts, bool all) {
  if (parts.empty()) return all ? "" : "false";
  if (parts.size() == 1) return parts.front();
  std::vector<std::string_view> same(parts.size(), all ? "true" : "false");
  return fmt::format("[{}] {} [{}]", fmt::join(parts, ", "), all ? "==" : "!=", fmt::join(same, ", "));
}

std::string literal(const json::value& value, bool ofRun) {
  if (!value.is_string()) throw Error(Code::unsupported, "the filter of an automation compares with text only");
  std::string text(value.get_string());
  if (!ofRun && isAutomatic(text))
    throw error(Code::unsupported,
                "the alias '{}' is set by this server and not an event; use OnCreateArtifact or OnLinkArtifact", text);
  return writeJson(value);
}

std::string comparison(const std::string& field, const json::object& operators, bool ofRun) {
  std::vector<std::string> all;
  for (const auto& [name, value] : operators) {
    if (name == "$eq" || name == "$ne") {
      all.push_back(fmt::format("{} {} {}", field, name == "$eq" ? "==" : "!=", literal(value, ofRun)));
    } else if (name == "$regex") {
      all.push_back(fmt::format("regex.match({}, {})", literal(value, ofRun), field));
    } else if (name == "$contains") {
      all.push_back(fmt::format("contains({}, {})", field, literal(value, ofRun)));
    } else if (name == "$in" && value.is_array()) {
      std::vector<std::string> any;
      for (const json::value& one : value.get_array())
        any.push_back(fmt::format("{} == {}", field, literal(one, ofRun)));
      all.push_back(joined(any, false));
    } else {
      throw error(Code::unsupported, "this server does not know the operator '{}' of an automation's filter",
                  shorten(std::string(std::string_view(name)), 30));
    }
  }
  return joined(all, true);
}

std::string expression(const json::value& filter, bool ofRun, int depth) {
  if (!filter.is_object() || depth > deepest) throw Invalid("eventFilter", "must be a filter");
  std::vector<std::string> all;
  for (const auto& [name, value] : filter.get_object()) {
    std::string part;
    if (name == "$and" || name == "$or") {
      if (!value.is_array()) throw Invalid("eventFilter", fmt::format("{} must be a list", std::string_view(name)));
      std::vector<std::string> parts;
      bool open = false;  // one alternative accepts all
      for (const json::value& one : value.get_array()) {
        std::string inner = expression(one, ofRun, depth + 1);
        open = open || inner.empty();
        if (!inner.empty()) parts.push_back(std::move(inner));
      }
      if (name == "$or" && (open || value.get_array().empty())) continue;
      part = joined(parts, name == "$and");
    } else if (name == "$not") {
      part = fmt::format("[{}] == [false]", expression(value, ofRun, depth + 1));
    } else {
      std::string field = fieldOf(name, ofRun);
      part = value.is_object() ? comparison(field, value.get_object(), ofRun)
                               : fmt::format("{} == {}", field, literal(value, ofRun));
    }
    if (!part.empty()) all.push_back(std::move(part));
  }
  return joined(all, true);
}

}  // namespace

std::string regoOf(const json::value& filter, bool ofRun) { return expression(filter, ofRun, 0); }

}  // namespace regesta::api::wandb
