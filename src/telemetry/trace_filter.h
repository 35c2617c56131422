#pragma once
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "filter/filter.h"
#include "telemetry/trace.h"

// Internal to the telemetry room.
namespace regesta::telemetry {

/// A parsed filter over traces. Spans are read only for traces that match all other conditions.
class TraceFilter {
 public:
  /// Throws Error{invalid}.
  explicit TraceFilter(const std::string& text);
  /// Call before matches(): an assessment with a session in its metadata applies to all traces of the session in these
  /// experiments.
  void readSessions(db::Transaction& transaction, const std::set<std::int64_t>& experiments);
  bool empty() const { return conditions_.empty() && spanConditions_.empty(); }
  bool matches(db::Transaction& transaction, const Trace& trace) const;

 private:
  bool fits(std::size_t condition, const Trace& trace) const;

  std::vector<filter::Condition> conditions_, spanConditions_;
  std::map<std::size_t, std::set<std::string>> sessions_;  ///< by condition: sessions with a matching assessment
};

/// The value of an order_by item or condition in a trace.
filter::Cell cellOf(const Trace& trace, filter::Field field, const std::string& key);
/// Parses order_by items. Throws Error{invalid}, also for a repeated field.
std::vector<filter::OrderBy> traceOrder(const std::vector<std::string>& items);

}  // namespace regesta::telemetry
