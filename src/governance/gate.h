#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/access.h"
#include "policy/engine.h"
#include "policy/verdict.h"
#include "registry/asset.h"
#include "registry/change.h"
#include "registry/rollout/rollout.h"

namespace regesta::policy {
class RemoteOpa;  // policy/remote_opa.h
}

namespace regesta::governance {

struct Case;           // governance/input.h
struct ChangeRequest;  // governance/change_request.h
struct GateCheck;      // governance/gate_check.h

/// A member of a verdict's `require` set with its status: what meets it, and what is missing.
struct Requirement {
  std::string code, msg, remediation;
  std::string needs;  ///< in words: "1 approval by role risk, not by the author", "evidence of type card"
  bool met = false;
  std::vector<std::string> by;  ///< actors whose approvals count, or ids of the evidence that counts
  std::string role = {};        ///< role whose approvals are required; empty: none
  std::string evidence = {};    ///< required type; empty: none
  std::string hint = {};        ///< a command that may satisfy it, if the policy names no remediation
};

/// A member of a verdict's `deny` set that a waiver (waiver.h) let pass.
struct WaivedViolation {
  policy::Violation violation;
  std::string policy;       ///< "policy/fair-lending@2"
  std::int64_t waiver = 0;  ///< its id
};

/// How a review reached the gate, if its user did not call this server: through a connection (connect/).
struct ReviewChannel {
  json::object via;                              ///< {"connection","ticket","event"}: added to the review's entry
  std::function<void(registry::Change&)> claim;  ///< in the same change, before anything else; throws to stop it
};

/// Moves all aliases and stages, for every front. A pointer without a binding moves at once; a protected one moves if
/// no bound policy denies it and all requirements are met. Thread-safe; may wait for a commit and a policy worker, so
/// do not call it on an I/O thread.
class Gate {
 public:
  struct Options {
    std::string publicUrl;             ///< for links in messages: http://127.0.0.1:4600
    policy::RemoteOpa* opa = nullptr;  ///< for bindings that name an external OPA; lives longer
    int attempts = 8;                  ///< evaluations of one move while its facts keep changing; then Error{conflict}
  };
  Gate(registry::Store& store, policy::Engine& engine, Options options);
  ~Gate();
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  struct Move {
    registry::AssetKey key;
    registry::Pointer pointer;
    std::int64_t to = 0;  ///< version number; 0 removes an alias
    std::string reason;
    bool rollback = false;       ///< policies see action "rollback"
    bool archiveOthers = false;  ///< stages: every other version in the stage goes to Archived
    /// Aliases: starts a rollout, checking each arm, instead of moving at once. `to` is the first arm's version.
    std::optional<registry::RolloutPlan> rollout = std::nullopt;
    /// The version that the caller expects the pointer to point to (0: none); otherwise Error{conflict}.
    std::optional<std::int64_t> from = std::nullopt;
    /// Moves although policies refuse it, and opens a review (break_glass.h). For administrators in person, with a
    /// reason.
    bool breakGlass = false;
    std::int64_t notBefore = 0;  ///< milliseconds: a change request carries it out then; 0: at once
  };
  struct Outcome {
    enum class Kind { moved, unchanged, refused, pending };
    Kind kind = Kind::unchanged;
    std::int64_t from = 0, to = 0;
    policy::Verdict verdict;                ///< the union over all bound policies
    std::vector<Requirement> requirements;  ///< one per member of verdict.require, same order
    std::string decision;                   ///< digest of the stored decision; empty: pointer not protected
    std::int64_t changeRequest = 0;         ///< pending: the open change request; moved through one: its id
    std::int64_t entryId = 0;               ///< ledger entry of the move, the refusal or the request
    bool isProtected = false;
    std::int64_t rollout = 0;  ///< id of the started rollout, if one started; the alias still points to `from`
    std::vector<WaivedViolation> waived;  ///< what policies deny, and waivers let pass
    std::int64_t breakGlass = 0;          ///< moved against the policies: id of the review that this opened
    /// The pointer is at the requested version, whether or not it had to move.
    bool isDone() const { return kind == Kind::moved || kind == Kind::unchanged; }
  };

  /// Does not throw for a verdict: refused (a policy denies) and pending (a requirement is not met; a change request is
  /// open) are outcomes. Throws Error{denied} without the right to write, Error{notFound} for a missing asset or
  /// version, Invalid for a malformed pointer, Error{conflict} if the state kept changing.
  Outcome move(const access::Identity& identity, const Move& move);
  /// Like move(), but throws Error{refused} unless it moved. The message has every reason with its remediation and the
  /// change request's id and link; detail is outcomeJson().
  Outcome moveOrThrow(const access::Identity& identity, const Move& move);
  /// Moves several pointers of a workspace together or not at all; returns an outcome for each, in the same order. If
  /// nothing is denied but something is missing, none moves: a change request opens for each, and the one that is met
  /// last carries all of them out. Throws as move() does, Invalid for an empty list, more than limits::movesTogether,
  /// the same asset twice, a rollout or break-glass, and Error{invalidState} if an unprotected pointer would have to
  /// wait: no change request can hold it.
  std::vector<Outcome> moveTogether(const access::Identity& identity, const std::vector<Move>& moves);
  /// The outcome that move() would have now. Changes nothing.
  Outcome preview(const access::Identity& identity, const Move& move);
  /// The same for the given policy only, bound or not, and also for the version that the pointer points to.
  Outcome tryOut(const access::Identity& identity, const Move& move, std::vector<policy::Module> modules);
  /// Moves the pointer back to `to`, or (0) to its previous version. Throws Error{invalidState} if there is none, or if
  /// a guard has rolled that version back since.
  Outcome rollback(const access::Identity& identity, const registry::AssetKey& key, const registry::Pointer& pointer,
                   std::string reason, std::int64_t to = 0);
  /// Takes a version that was found to be bad off a pointer, which moves to the newest of its earlier versions that may
  /// be used. Policies decide as for rollback(), by the roles of `identity`; the ledger names `actor`. Unchanged if the
  /// pointer points to another version by now. The caller has checked that the identity may ask for it.
  Outcome rollBackFrom(const access::Identity& identity, const registry::Actor& actor, const registry::AssetKey& key,
                       const registry::Pointer& pointer, std::int64_t from, std::string reason);

  /// An action that may serve a rollout's arms to more callers. Lowering, pausing and ending need no clearance.
  struct Widening {
    enum class Act { advance, resume, kill, complete };
    std::int64_t rollout = 0;
    Act act = Act::advance;
    std::string arm = {};      ///< complete: the winning arm; empty: the only one
    std::int64_t version = 0;  ///< kill: the arm's version to serve to every caller
    std::int64_t step = -1;    ///< the expected step; -1: the next or present one
  };
  /// Applies it at once if the rollout's decision covers it. Otherwise (a greater share than the decided plan's, or a
  /// policy bound since) the gate decides: throws Error{refused} like moveOrThrow() if it is denied or pending. Throws
  /// Error{denied} without the right to write, Error{notFound}, Error{invalidState} if the rollout has ended or several
  /// arms exist and none is named, Invalid.
  registry::Rollout widenOrThrow(const access::Identity& identity, const registry::AssetKey& key,
                                 const Widening& widening, std::string reason = {});
  /// The same without asking the gate (for the stepper): within the decision, or Error{refused}. The caller has checked
  /// the actor's permission.
  registry::Rollout completeRollout(const registry::Actor& actor, std::int64_t rollout, std::string_view arm = {});
  registry::Rollout stepRollout(const registry::Actor& actor, const registry::Rollout& rollout);

  /// Renames the asset. Every version on a pointer that the new name protects must be allowed there: otherwise throws
  /// Error{refused} with all reasons. Leaving a policy binding's pattern requires the right to remove that binding.
  /// Open change requests about the asset become stale.
  registry::Asset rename(const access::Identity& identity, const registry::AssetKey& key, std::string_view newName);

  /// How aliases that point to what is deleted are treated.
  enum class Pointers { keep, remove };
  // Clearance to delete, for use inside the same change. Throws Error{refused} while a protected pointer cites it
  // (citation.h), Error{denied} for non-administrators while a decision, an open change request or evidence does. Open
  // change requests about it become stale.
  static registry::Removal removal(registry::Change& change, const access::Identity& identity,
                                   const registry::Version& version, Pointers pointers);
  static registry::Removal removal(registry::Change& change, const access::Identity& identity,
                                   const registry::Asset& asset, Pointers pointers);
  /// Of a run, experiment or logged model, by its lineage node: "run/ID", "experiment/ID", "logged-model/ID".
  static registry::Removal removal(registry::Change& change, const access::Identity& identity,
                                   std::string_view workspace, std::string_view node);

  /// Gives one approval in `role` (empty: every role the approver holds there). If it was the last one missing, the
  /// pointer moves before this returns. Throws Error{denied} for a role that is not held and for tokens, Error{exists}
  /// for a second approval by the same user, Error{invalidState} for a request that is not open, Error{conflict} if its
  /// subject has changed: the request is then stale. `seen` is the digest of the decision that the user saw (empty:
  /// unknown); if the request has a newer one, Error{conflict}. `onBehalfOf`: the user whose delegate (delegate.h) the
  /// approver is for this approval; empty: nobody's.
  Outcome approve(std::int64_t changeRequest, const access::Identity& identity, std::string_view comment,
                  std::string_view role = {}, std::string_view seen = {}, const ReviewChannel* channel = nullptr,
                  std::string_view onBehalfOf = {});
  /// Rejects the request. Needs the right to approve; `seen` and `onBehalfOf` as above.
  void reject(std::int64_t changeRequest, const access::Identity& identity, std::string_view comment,
              std::string_view seen = {}, const ReviewChannel* channel = nullptr, std::string_view onBehalfOf = {});
  /// Withdraws the request; for its requester and administrators.
  void withdraw(std::int64_t changeRequest, const access::Identity& identity, std::string_view comment);
  /// Evaluates an open request again, for example after evidence was added.
  Outcome retry(std::int64_t changeRequest, const access::Identity& identity);

  /// Whether bindings may name the external OPA at this URL.
  bool asksOpa(std::string_view url) const;
  /// URL of the request in the web UI.
  std::string changeRequestUrl(std::int64_t changeRequest) const;
  /// For a server that learns its port during start; call before the first request.
  void setPublicUrl(std::string url) { options_.publicUrl = std::move(url); }

  /// Evaluates the open requests about this version again after new evidence. Returns the applied ones.
  std::vector<std::int64_t> reconsider(const registry::AssetKey& key, std::int64_t number);
  /// Evaluates an open request again whose scheduled time has come (scheduledRequests()). A failure is logged.
  void carryOut(std::int64_t changeRequest);

 private:
  struct Attempt;
  struct Together;
  Outcome run(const Attempt& attempt);
  /// One attempt; empty if the decision's facts changed meanwhile.
  std::optional<Outcome> tryOnce(const Attempt& attempt);
  std::vector<Outcome> runTogether(const Together& attempt);
  std::optional<std::vector<Outcome>> tryTogether(const Together& attempt);
  Outcome runRequest(std::int64_t changeRequest);
  Outcome runChangeSet(const ChangeRequest& asked, const access::Identity& requester,
                       const std::vector<ChangeRequest>& set);
  Outcome outcomeOfClosed(std::int64_t changeRequest);
  /// Records the outcome of an attempt, and carries it out if it is allowed.
  static void settle(registry::Change& change, const Attempt& attempt, const Case& about, const GateCheck& check,
                     Outcome& outcome);
  static void apply(registry::Change& change, const Attempt& attempt, Outcome& outcome);
  static void applyWidening(registry::Change& change, const registry::Rollout& rollout, const Widening& widening,
                            std::int64_t version, std::string_view reason, const std::string& decision);
  /// Empty if it needs a decision.
  std::optional<registry::Rollout> carryOn(const registry::Actor& actor, const Widening& widening,
                                           std::string_view reason);
  registry::Rollout widenAsDecided(const registry::Actor& actor, const Widening& widening);
  /// Empty if the decisions' facts changed meanwhile.
  std::optional<registry::Asset> renameOnce(const access::Identity& identity, const registry::AssetKey& key,
                                            std::string_view newName);
  /// Throws Error{denied} unless the identity may move the asset's pointers.
  void requireMovePermission(const access::Identity& identity, const registry::AssetKey& key);
  registry::Store& store_;
  policy::Engine& engine_;
  Options options_;
};

std::string_view outcomeName(Gate::Outcome::Kind kind);
/// {"outcome","from","to","protected","decision","verdict":{"deny":[…],"warn":[…],"require":[{…,"met","by"}]},
///  "change_request":{"id","url"}}: the same members on every front.
json::object outcomeJson(const Gate& gate, const Gate::Outcome& outcome);
/// Replaces "<id>", "NAME@VERSION" and "KIND/NAME@VERSION" in a remediation. Without a request (0), returns what must
/// happen before one opens; without a version (0), keeps its placeholders.
std::string fillRemediation(std::string remediation, const registry::AssetKey& key, std::int64_t version,
                            std::int64_t changeRequest);
/// Text for users: every reason with its remediation, and the next step.
std::string outcomeText(const Gate& gate, const Gate::Move& move, const Gate::Outcome& outcome);

}  // namespace regesta::governance
