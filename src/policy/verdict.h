#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace regesta::policy {

/// One member of a gate's `deny`, `warn` or `require` set. A string becomes {code "", msg text}; an object has the
/// members `code`, `msg` and `remediation` (`cure` is accepted too), and its other members stay in `more`.
struct Violation {
  std::string code;
  std::string msg;
  std::string remediation;
  json::object more;
};

/// The result of a policy for one input. It allows if `deny` is empty, every `require` is met and there is no `error`.
struct Verdict {
  std::vector<Violation> deny, warn, require;
  /// Non-empty: why the policy could not be evaluated. Counts as a deny; the sets are then empty.
  std::string error;

  bool denied() const { return !deny.empty() || !error.empty(); }
};

/// Reads a policy's result: an object whose members `deny`, `warn` and `require` are arrays of strings or objects.
/// Anything else returns a Verdict with an error, so malformed output never allows.
Verdict readVerdict(const json::value& answer);

/// The verdict as JSON: {"deny":[…],"warn":[…],"require":[…]} and "error" if there is one. Members keep the order of
/// the sets (sorted by value), so equal decisions have equal text, which can be hashed and replayed.
json::object toJson(const Verdict& verdict);

}  // namespace regesta::policy
