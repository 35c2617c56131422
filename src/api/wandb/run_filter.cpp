#include "api/wandb/run_filter.h"

#include <algorithm>

#include "api/wandb/run_object.h"
#include "base/error.h"
#include "base/pattern.h"
#include "base/text.h"

namespace regesta::api::wandb {
namespace {

json::value fieldOf(const RunRecord& record, const std::string& name) {
  auto below = [&](std::string_view prefix, const std::string& text) -> json::value {
    json::value tree = looseJson(text);
    const json::value* found = valueAt(tree, std::string_view(name).substr(prefix.size()));
    if (!found) return nullptr;
    if (const json::object* item = found->if_object(); item && item->contains("value")) return item->at("value");
    return *found;
  };
  if (name.starts_with("config.")) return below("config.", record.config);
  if (name.starts_with("summary_metrics.")) return below("summary_metrics.", record.summary);
  if (name.starts_with("summaryMetrics.")) return below("summaryMetrics.", record.summary);
  json::value run = runObject(record);
  static const std::pair<std::string_view, std::string_view> spellings[] = {
      {"created_at", "createdAt"}, {"heartbeat_at", "heartbeatAt"}, {"display_name", "displayName"},
      {"job_type", "jobType"},     {"jobType", "jobType"},          {"username", "user.username"},
      {"sweep", "sweepName"}};
  std::string_view spelled = name;
  for (const auto& [other, ours] : spellings)
    if (name == other) spelled = ours;
  const json::value* found = valueAt(run, spelled);
  return found ? *found : json::value(nullptr);
}

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

bool meets(const json::value& value, std::string_view operation, const json::value& wanted) {
  std::optional<int> order = compare(value, wanted);
  if (operation == "$eq") return equals(value, wanted);
  if (operation == "$ne") return !equals(value, wanted);
  if (operation == "$gt") return order && *order > 0;
  if (operation == "$gte") return order && *order >= 0;
  if (operation == "$lt") return order && *order < 0;
  if (operation == "$lte") return order && *order <= 0;
  if (operation == "$exists") return value.is_null() != (wanted == json::value(true));
  if (operation == "$in" || operation == "$nin") {
    bool found = false;
    for (const json::value& one : wanted.as_array()) found = found || equals(value, one);
    return found == (operation == "$in");
  }
  if (operation == "$regex")
    return value.is_string() && Pattern(std::string(wanted.as_string())).isIn(std::string(value.get_string()));
  throw Invalid("filters", fmt::format("'{}' is not supported", shorten(operation, 40)));
}

bool accepts(const json::object& filter, const RunRecord& record, int depth) {
  if (depth > 10) throw Invalid("filters", "are nested too deeply");
  for (const auto& [key, wanted] : filter) {
    if (key == "$and" || key == "$or") {
      bool all = true, any = false;
      for (const json::value& one : wanted.as_array()) {
        bool met = accepts(one.as_object(), record, depth + 1);
        all = all && met;
        any = any || met;
      }
      if (key == "$and" ? !all : !any) return false;
      continue;
    }
    if (key == "$not") {
      if (accepts(wanted.as_object(), record, depth + 1)) return false;
      continue;
    }
    json::value value = fieldOf(record, std::string(key));
    bool operations =
        wanted.is_object() && !wanted.get_object().empty() && wanted.get_object().begin()->key().starts_with("$");
    if (!operations) {
      if (!equals(value, wanted)) return false;
      continue;
    }
    for (const auto& [operation, operand] : wanted.get_object())
      if (!meets(value, operation, operand)) return false;
  }
  return true;
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
  if (read.is_object()) filter_ = read.as_object();
}

bool RunFilter::accepts(const RunRecord& record) const {
  try {
    return wandb::accepts(filter_, record, 0);
  } catch (const boost::system::system_error&) {
    throw Invalid("filters", "are not in MongoDB's form");
  }
}

void sortRuns(std::vector<RunRecord>& records, std::string_view order) {
  if (order.empty()) return;
  bool descending = order.front() == '-';
  std::string name(order.substr(order.front() == '-' || order.front() == '+' ? 1 : 0));
  if (name.ends_with(".value")) name.resize(name.size() - std::string_view(".value").size());
  std::vector<json::value> keys;
  std::vector<std::size_t> sequence(records.size());
  for (std::size_t i = 0; i < records.size(); ++i) {
    keys.push_back(fieldOf(records[i], name));
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
