#include "api/wandb/run_filter.h"

#include <algorithm>

#include "api/wandb/run_object.h"
#include "base/error.h"
#include "base/pattern.h"
#include "base/text.h"

namespace regesta::api::wandb {
namespace {

/// The fields of one run by their names in a filter; each of its texts is parsed once.
class Fields {
 public:
  explicit Fields(const RunRecord& record) : record_(record) {}

  /// Null for none.
  const json::value& of(std::string_view name) {
    static const json::value none;
    const json::value* found = find(name);
    return found ? *found : none;
  }

 private:
  const json::value* find(std::string_view name) {
    for (std::string_view prefix : {"config.", "summary_metrics.", "summaryMetrics."}) {
      if (!name.starts_with(prefix)) continue;
      bool isConfig = prefix == "config.";
      std::optional<json::value>& tree = isConfig ? config_ : summary_;
      if (!tree) tree = looseJson(isConfig ? record_.config : record_.summary);
      const json::value* found = valueAt(*tree, name.substr(prefix.size()));
      if (const json::object* item = found ? found->if_object() : nullptr)
        if (const json::value* value = item->if_contains("value")) return value;
      return found;
    }
    static constexpr std::pair<std::string_view, std::string_view> spellings[] = {
        {"created_at", "createdAt"}, {"heartbeat_at", "heartbeatAt"}, {"display_name", "displayName"},
        {"job_type", "jobType"},     {"username", "user.username"},   {"sweep", "sweepName"}};
    for (const auto& [other, ours] : spellings)
      if (name == other) {
        name = ours;
        break;
      }
    if (!run_) run_ = runObject(record_);
    return valueAt(*run_, name);
  }

  const RunRecord& record_;
  std::optional<json::value> config_, summary_, run_;
};

/// Less, equal, greater; nothing for values that do not compare.
std::optional<int> compare(const json::value& a, const json::value& b) {
  if (a.is_number() && b.is_number()) {
    double x = a.to_number<double>(), y = b.to_number<double>();
    return x < y ? -1 : x > y ? 1 : 0;
  }
  if (a.is_string() && b.is_string()) return std::clamp(a.get_string().compare(b.get_string()), -1, 1);
  if (a == b) return 0;
  return std::nullopt;
}

bool equals(const json::value& value, const json::value& wanted) {
  if (value.is_array() && !wanted.is_array()) {
    for (const json::value& item : value.get_array())
      if (compare(item, wanted) == 0) return true;
    return false;
  }
  return compare(value, wanted) == 0;
}

constexpr std::size_t mostPatterns = 20, mostValues = 10'000;
constexpr int deepest = 10;
constexpr std::string_view operations[] = {"$eq",  "$ne",     "$gt", "$gte", "$lt",
                                           "$lte", "$exists", "$in", "$nin", "$regex"};

[[noreturn]] void refuse(std::string_view what) { throw Invalid("filters", std::string(what)); }

}  // namespace

/// A part of a filter, checked and compiled.
struct FilterNode {
  enum class Kind { all, any, none, condition } kind = Kind::all;
  std::vector<FilterNode> parts = {};
  std::string field = {}, operation = {};  ///< of a condition, as the rest
  json::value wanted = nullptr;
  std::optional<Pattern> pattern = std::nullopt;
};

namespace {

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
  std::optional<int> order = compare(value, wanted);
  if (!order) return false;
  if (operation == "$gt") return *order > 0;
  if (operation == "$gte") return *order >= 0;
  if (operation == "$lt") return *order < 0;
  return *order <= 0;
}

bool accepts(const FilterNode& node, Fields& fields) {
  auto met = [&](const FilterNode& part) { return accepts(part, fields); };
  switch (node.kind) {
    case FilterNode::Kind::all:
      return std::ranges::all_of(node.parts, met);
    case FilterNode::Kind::any:
      return std::ranges::any_of(node.parts, met);
    case FilterNode::Kind::none:
      return std::ranges::none_of(node.parts, met);
    case FilterNode::Kind::condition:
      return meets(fields.of(node.field), node);
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

RunFilter::RunFilter(std::string_view text) {
  if (text.empty()) return;
  json::value read = looseJson(text);
  if (read.is_object()) root_ = std::make_shared<const FilterNode>(Compiler().all(read, 0));
}

bool RunFilter::accepts(const RunRecord& record) const {
  Fields fields(record);
  return !root_ || wandb::accepts(*root_, fields);
}

void sortRuns(std::vector<RunRecord>& records, std::string_view order) {
  if (order.empty()) return;
  bool descending = order.front() == '-';
  std::string name(order.substr(order.front() == '-' || order.front() == '+' ? 1 : 0));
  if (name.ends_with(".value")) name.resize(name.size() - std::string_view(".value").size());
  std::vector<json::value> keys;
  std::vector<std::size_t> sequence(records.size());
  for (std::size_t i = 0; i < records.size(); ++i) {
    keys.push_back(Fields(records[i]).of(name));
    sequence[i] = i;
  }
  std::ranges::sort(sequence, [&](std::size_t a, std::size_t b) {
    // Runs without the value come last in both orders.
    if (keys[a].is_null() != keys[b].is_null()) return keys[b].is_null();
    int compared = compare(keys[a], keys[b]).value_or(0);
    if (compared == 0) return a < b;
    return descending ? compared > 0 : compared < 0;
  });
  std::vector<RunRecord> sorted;
  for (std::size_t i : sequence) sorted.push_back(std::move(records[i]));
  records = std::move(sorted);
}

}  // namespace regesta::api::wandb
