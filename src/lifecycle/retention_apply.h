#pragma once
#include "access/access.h"
#include "lifecycle/retention_plan.h"

namespace regesta::lifecycle {

/// How far the application of a plan is.
struct RetentionProgress {
  std::int64_t id = 0;
  std::string digest;
  std::int64_t planned = 0, removed = 0, archived = 0;
  std::vector<KeptItem> skipped;  ///< what may not go any more, and why
  bool finished = false;          ///< false: call again to continue
};

/// Applies the plan with this digest. Throws Error{conflict} if the rules now let other versions go than the plan says;
/// the caller then plans again. Each version goes in a transaction of its own, which checks everything again and passes
/// the gate like a user's deletion, by an identity that may not delete what is cited; its entry names the rules. Stops
/// after `budgetMillis`; a call with the same digest continues, also after a crash and on another server, and what two
/// calls do at once is done once. The caller has checked that the identity administers the workspace.
RetentionProgress applyRetention(registry::Store& store, const registry::Actor& actor, std::string_view workspace,
                                 std::string_view digest, std::int64_t budgetMillis);

}  // namespace regesta::lifecycle
