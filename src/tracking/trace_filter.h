#pragma once
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
  bool empty() const { return conditions_.empty() && spanConditions_.empty(); }
  bool matches(db::Session& session, const Trace& trace) const;

 private:
  std::vector<registry::Condition> conditions_, spanConditions_;
};

/// What an order_by item or a condition finds in a trace.
registry::Cell cellOf(const Trace& trace, registry::Field field, const std::string& key);
/// order_by items. Throws Error{invalid}, also when one comes twice.
std::vector<registry::OrderBy> traceOrder(const std::vector<std::string>& items);

}  // namespace regesta::tracking
