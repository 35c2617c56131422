#include "api/wandb/filter.h"

#include <algorithm>
#include <optional>

#include "api/wandb/names.h"
#include "base/error.h"
#include "base/pattern.h"
#include "base/text.h"

namespace regesta::api::wandb {
namespace {

constexpr std::size_t mostPatterns = 20, mostValues = 10'000;
constexpr int deepest = 10;
constexpr std::string_view operations[] = {"$eq",  "$ne",     "$gt", "$gte", "$lt",
                                           "$lte", "$exists", "$in", "$nin", "$regex"};

[[noreturn]] void refuse(std::string_view what) { throw Invalid("filters", std::string(what)); }

}  // namespace

std::optional<int> compareValues(const json::value& a, const json::value& b) {
  if (a.is_number() && b.is_number()) {
    double x = a.to_number<double>(), y = b.to_number<double>();
    return x < y ? -1 : x > y ? 1 : 0;
  }
  if (a.is_string() && b.is_string()) return std::clamp(a.get_string().compare(b.get_string()), -1, 1);
  if (a == b) return 0;
  return std::nullopt;
}

/// A part of a filter, checked and compiled.
struct FilterNode {
  enum class Kind { all, any, none, condition } kind = Kind::all;
  std::vector<FilterNode> parts = {};
  std::string field = {}, operation = {};  ///< of a condition, as the rest
  json::value wanted = nullptr;
  std::optional<Pattern> pattern = std::nullopt;
};

namespace {

bool equals(const json::value& value, const json::value& wanted) {
  if (value.is_array() && !wanted.is_array()) {
    for (const json::value& item : value.get_array())
      if (compareValues(item, wanted) == 0) return true;
    return false;
  }
  return compareValues(value, wanted) == 0;
}

class Compiler {
 public:
  FilterNode all(const json::value& filter, int depth) {
    if (depth > deepest) refuse("are nested too deeply");
    if (!filter.is_object()) refuse("must be JSON objects, also in $and, $or and $not");
    FilterNode node;
    for (const auto& [key, wanted] : filter.get_object()) {
      count(1);
      if (key == "$and" || key == "$or")
        node.parts.push_back(list(key == "$and" ? FilterNode::Kind::all : FilterNode::Kind::any, wanted, depth));
      else if (key == "$not")
        node.parts.push_back({.kind = FilterNode::Kind::none, .parts = {all(wanted, depth + 1)}});
      else
        addConditions(node, std::string(key), wanted);
    }
    return node;
  }

 private:
  FilterNode list(FilterNode::Kind kind, const json::value& parts, int depth) {
    if (!parts.is_array()) refuse("must have lists in $and and $or");
    FilterNode node{.kind = kind};
    for (const json::value& one : parts.get_array()) node.parts.push_back(all(one, depth + 1));
    return node;
  }

  void addConditions(FilterNode& node, const std::string& field, const json::value& wanted) {
    bool named =
        wanted.is_object() && !wanted.get_object().empty() && wanted.get_object().begin()->key().starts_with("$");
    if (!named) return node.parts.push_back(condition(field, "$eq", wanted));
    for (const auto& [operation, operand] : wanted.get_object())
      node.parts.push_back(condition(field, std::string(operation), operand));
  }

  FilterNode condition(const std::string& field, const std::string& operation, const json::value& wanted) {
    count(1);
    if (std::ranges::find(operations, operation) == std::end(operations))
      refuse(fmt::format("'{}' is not supported", shorten(operation, 40)));
    FilterNode node{.kind = FilterNode::Kind::condition, .field = field, .operation = operation, .wanted = wanted};
    if (operation == "$in" || operation == "$nin") {
      if (!wanted.is_array()) refuse("must have lists in $in and $nin");
      count(wanted.get_array().size());
    }
    if (operation == "$regex") {
      if (!wanted.is_string()) refuse("must have texts in $regex");
      if (++patterns_ > mostPatterns) refuse(fmt::format("must have at most {} patterns", mostPatterns));
      try {
        node.pattern.emplace(wanted.get_string());
      } catch (const Error& fault) {
        refuse(fmt::format("have a pattern that is not valid: {}", fault.message));
      }
    }
    return node;
  }

  void count(std::size_t values) {
    if ((values_ += values) > mostValues) refuse(fmt::format("must have at most {} conditions and values", mostValues));
  }

  std::size_t patterns_ = 0, values_ = 0;
};

bool meets(const json::value& value, const FilterNode& node) {
  const std::string& operation = node.operation;
  const json::value& wanted = node.wanted;
  if (operation == "$eq") return equals(value, wanted);
  if (operation == "$ne") return !equals(value, wanted);
  if (operation == "$exists") return value.is_null() != (wanted == json::value(true));
  if (node.pattern) return value.is_string() && node.pattern->isIn(std::string_view(value.get_string()));
  if (operation == "$in" || operation == "$nin") {
    bool found = std::ranges::any_of(wanted.get_array(), [&](const json::value& one) { return equals(value, one); });
    return found == (operation == "$in");
  }
  std::optional<int> order = compareValues(value, wanted);
  if (!order) return false;
  if (operation == "$gt") return *order > 0;
  if (operation == "$gte") return *order >= 0;
  if (operation == "$lt") return *order < 0;
  return *order <= 0;
}

bool accepts(const FilterNode& node, const FieldValue& valueOf) {
  auto met = [&](const FilterNode& part) { return accepts(part, valueOf); };
  switch (node.kind) {
    case FilterNode::Kind::all:
      return std::ranges::all_of(node.parts, met);
    case FilterNode::Kind::any:
      return std::ranges::any_of(node.parts, met);
    case FilterNode::Kind::none:
      return std::ranges::none_of(node.parts, met);
    case FilterNode::Kind::condition:
      return meets(valueOf(node.field), node);
  }
  return false;
}

}  // namespace

const json::value* valueAt(const json::value& value, std::string_view path) {
  const json::value* found = &value;
  while (!path.empty() && found) {
    if (!found->is_object()) return nullptr;
    // A key may have points itself.
    if (const json::value* whole = found->get_object().if_contains(path)) return whole;
    std::size_t point = path.find('.');
    if (point == std::string_view::npos) return nullptr;
    found = found->get_object().if_contains(path.substr(0, point));
    path.remove_prefix(point + 1);
  }
  return found;
}

Filter::Filter(std::string_view text) {
  if (text.empty()) return;
  json::value read = looseJson(text);
  if (read.is_object()) root_ = std::make_shared<const FilterNode>(Compiler().all(read, 0));
}

bool Filter::accepts(const FieldValue& valueOf) const { return !root_ || wandb::accepts(*root_, valueOf); }

}  // namespace regesta::api::wandb
