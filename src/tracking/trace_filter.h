#pragma once
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "registry/filter.h"
#include "tracking/trace.h"

// Inside the tracking room only.
namespace regesta::tracking {

/// A parsed filter over traces. Spans are read only for traces that fit otherwise.
class TraceFilter {
 public:
  /// Throws Error{invalid}.
  explicit TraceFilter(const std::string& text);
  /// To be called before matches(): an assessment that carries the session in its metadata speaks for all traces of the
  /// session in these experiments.
  void readSessions(db::Session& session, const std::set<std::int64_t>& experiments);
  bool empty() const { return conditions_.empty() && spanConditions_.empty(); }
  bool matches(db::Session& session, const Trace& trace) const;

 private:
  bool fits(std::size_t condition, const Trace& trace) const;

  std::vector<registry::Condition> conditions_, spanConditions_;
  std::map<std::size_t, std::set<std::string>> sessions_;  ///< by condition: sessions that an assessment speaks for
};

/// What an order_by item or a condition finds in a trace.
registry::Cell cellOf(const Trace& trace, registry::Field field, const std::string& key);
/// order_by items. Throws Error{invalid}, also when one comes twice.
std::vector<registry::OrderBy> traceOrder(const std::vector<std::string>& items);

}  // namespace regesta::tracking
