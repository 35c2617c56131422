#include "api/wandb/run_filter.h"

#include <algorithm>

#include "api/wandb/run_object.h"

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

}  // namespace

bool accepts(const Filter& filter, const RunRecord& record) {
  Fields fields(record);
  return filter.accepts([&](std::string_view name) -> const json::value& { return fields.of(name); });
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
    int compared = compareValues(keys[a], keys[b]).value_or(0);
    if (compared == 0) return a < b;
    return descending ? compared > 0 : compared < 0;
  });
  std::vector<RunRecord> sorted;
  for (std::size_t i : sequence) sorted.push_back(std::move(records[i]));
  records = std::move(sorted);
}

}  // namespace regesta::api::wandb
