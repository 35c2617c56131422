#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace regesta::policy {

/// One member of a gate's `deny`, `warn` or `require` set. A plain string becomes {code "", msg text}; an object gives
/// its members `code`, `msg` and `cure`, and whatever else it has stays in `more`.
struct Finding {
  std::string code;
  std::string msg;
  std::string cure;
  json::object more;
};

/// What a policy said about one input. No finding of `deny`, every `require` met by the caller, and no `error` means
/// allow.
struct Verdict {
  std::vector<Finding> deny, warn, require;
  /// Non-empty: the policy could not be evaluated, in words. Counts as a deny; the sets are empty then.
  std::string error;

  bool denied() const { return !deny.empty() || !error.empty(); }
};

/// Reads the answer of a gate: an object whose members `deny`, `warn` and `require` are arrays of strings or objects.
/// Anything else makes a Verdict with an error that says what is wrong: never an allow by accident.
Verdict readVerdict(const json::value& answer);

/// The verdict as JSON: {"deny":[…],"warn":[…],"require":[…]} and "error" where there is one. Findings keep the order
/// of the sets (sorted by value), so equal decisions have equal text: it can be hashed and replayed.
json::object toJson(const Verdict& verdict);

}  // namespace regesta::policy
