#pragma once
// Internal to the governance room.
#include "governance/gate.h"
#include "governance/gate_check.h"
#include "governance/input.h"

namespace regesta::governance {

struct Gate::Attempt {
  access::Identity identity;  // whose roles the policies see
  Question question;
  registry::Actor actor;  // whom the ledger names
  bool dry = false;
  std::int64_t changeRequest = 0;  // set: only together with this open request
};

/// What the gate is asked. Throws Invalid for a malformed move.
Question questionOf(const Gate::Move& move);
/// Whether nothing is left to do.
bool isAtTarget(const Case& about);
/// Whether what was decided about `before` holds for `now`.
bool isUnchanged(const Case& before, const Case& now);
/// Throws Invalid for a scheduled move of a pointer that nothing protects: no change request can hold it.
void requireProtectedIfScheduled(const Case& about);
/// Throws Error{conflict} if the pointer is not where the caller saw it: a caller who saw an older state would undo
/// later moves without knowing.
void requireFrom(const Case& about);
/// Also of pointers that no policy protects: what a scan found critical reaches nobody by a name.
void requireNoQuarantine(db::Transaction& transaction, const Question& question);
/// Decisions store the policy's text; callers get commands to run.
void fillRemediations(Gate::Outcome& outcome, const Question& question);
/// Moves that happen together or not at all.
struct Gate::Together {
  access::Identity identity;
  std::vector<Question> questions;  // all with the same change set
  registry::Actor actor;
  std::vector<std::int64_t> requests;  // their open requests, in the same order; empty: there are none yet
};

/// Action of a refused move's ledger entry.
registry::Action refusedAction(const registry::Pointer& pointer);
Gate::Outcome outcomeOf(const Case& about, Gate::Outcome::Kind kind);
Gate::Outcome outcomeOf(const Case& about, const GateCheck& check);
/// Stores the decision and appends the entry of a refused move.
void recordRefusal(registry::Change& change, const Case& about, const GateCheck& check, Gate::Outcome& outcome);
/// The outcome of a request that another approval applied meanwhile.
Gate::Outcome appliedOutcome(const ChangeRequest& request);

}  // namespace regesta::governance
