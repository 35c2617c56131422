#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "governance/access.h"
#include "policy/engine.h"
#include "policy/verdict.h"
#include "registry/asset.h"
#include "registry/change.h"
#include "registry/rollout.h"

namespace regesta::governance {

/// One item of a verdict's `require` set as the server sees it: who or what has met it, and what is still missing.
struct Requirement {
  std::string code, msg, cure;
  std::string needs;  ///< in words: "1 approval by role risk, not by the author", "evidence of type card"
  bool met = false;
  std::vector<std::string> by;  ///< actors whose approvals count, or ids of the evidence that counts
  std::string role = {};        ///< whose approvals are asked for; empty: nobody's
  std::string evidence = {};    ///< the type that is asked for; empty: none
  std::string hint = {};        ///< a command that may meet it, for where the policy names no cure
};

/// The one place where aliases and stages move, whichever front asks. A pointer without a binding moves at once; a
/// bound one moves when every bound policy denies nothing and each of its requirements is met. Thread-safe; may wait
/// for a commit and a policy worker, so never on an I/O thread.
class Gate {
 public:
  struct Options {
    std::string publicUrl;  ///< for links in messages: http://127.0.0.1:4600
    int attempts = 8;       ///< evaluations of one move while what it rests on keeps changing; then Error{conflict}
  };
  Gate(registry::Store& store, policy::Engine& engine, Options options);
  ~Gate();
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  struct Move {
    registry::AssetKey key;
    std::string pointer;  ///< alias name, or "stage:Production"
    std::int64_t to = 0;  ///< version number; 0 removes an alias
    std::string reason;
    bool rollback = false;       ///< policies see action "rollback"
    bool archiveOthers = false;  ///< stages: every other version in the stage goes to Archived
    /// Aliases: starts a rollout, with the same questions asked about each arm, instead of moving at once. `to` is the
    /// first arm's version.
    std::optional<registry::RolloutPlan> rollout = std::nullopt;
    /// Where whoever asks believes that the pointer stands (0: nowhere); Error{conflict} when it stands elsewhere.
    std::optional<std::int64_t> from = std::nullopt;
  };
  struct Outcome {
    enum class Kind { moved, unchanged, refused, pending };
    Kind kind = Kind::unchanged;
    std::int64_t from = 0, to = 0;
    policy::Verdict verdict;                ///< the union over all bound policies
    std::vector<Requirement> requirements;  ///< one a member of verdict.require, same order
    std::string decision;                   ///< digest of the stored decision; empty: pointer not protected
    std::int64_t changeRequest = 0;         ///< pending: the open change request; moved through one: its id
    std::int64_t entryId = 0;               ///< ledger entry of the move, the refusal or the request
    bool isProtected = false;
    std::int64_t rollout = 0;  ///< moved, and it was a rollout to start: its id; the alias still stands on `from`
  };

  /// Never throws for a verdict: refused (some policy denies) and pending (a requirement is unmet; a change request is
  /// open now) are outcomes. Throws Error{denied} without the right to write, Error{notFound} for a missing asset or
  /// version, Invalid for a malformed pointer, Error{conflict} when the state kept moving.
  Outcome move(const Identity& identity, const Move& move);
  /// The same for fronts that can only say yes or no: throws Error{refused} whose message has every reason with its
  /// cure and the change request's id and link; detail is outcomeJson().
  Outcome moveOrThrow(const Identity& identity, const Move& move);
  /// What move() would do now. Stores and changes nothing.
  Outcome preview(const Identity& identity, const Move& move);
  /// The same by one policy alone, whether it is bound there or not, and also of a version that stands there already.
  Outcome tryOut(const Identity& identity, const Move& move, std::vector<policy::Module> modules);
  /// Moves the pointer back to `to`, or (0) to the version it stood on before. Error{invalidState} when there is none,
  /// or a guard has thrown that one out since it last stood there.
  Outcome rollback(const Identity& identity, const registry::AssetKey& key, std::string_view pointer,
                   std::string reason, std::int64_t to = 0);

  /// Moves the alias to the arm (empty: the only one) and ends the rollout, on the decision that it was started with.
  /// The caller has checked that the actor may. Throws Error{notFound}, Error{invalidState} when it has ended or there
  /// are several arms, Error{refused} when the alias became protected since, Error{conflict}.
  registry::Rollout completeRollout(const registry::Actor& actor, std::int64_t rollout, std::string_view arm = {});

  /// Gives one approval in `role` (empty: every role the approver holds there). When it was the last one missing, the
  /// pointer moves before this returns. Throws Error{denied} for a role that is not held and for
  /// tokens, which are no persons, Error{exists} for a second
  /// approval by the same person, Error{invalidState} for a request that is not open, Error{conflict} when what it was
  /// about has changed: the request is stale then and must be made anew. `seen` is the digest of the decision that the
  /// person had in view; when the request has a newer one, Error{conflict} and nothing changes. Empty: not said.
  Outcome approve(std::int64_t changeRequest, const Identity& identity, std::string_view comment,
                  std::string_view role = {}, std::string_view seen = {});
  /// Closes the request with a no. Needs the right to approve; `seen` as above.
  void reject(std::int64_t changeRequest, const Identity& identity, std::string_view comment,
              std::string_view seen = {});
  /// Closes the request on the wish of who made it, or of an administrator.
  void withdraw(std::int64_t changeRequest, const Identity& identity, std::string_view comment);
  /// Tries an open request again, because evidence or a policy came after it was opened.
  Outcome retry(std::int64_t changeRequest, const Identity& identity);

  /// The screen in the browser.
  std::string changeRequestUrl(std::int64_t changeRequest) const;
  /// For a server that learns its port while it starts; before the first request.
  void setPublicUrl(std::string url) { options_.publicUrl = std::move(url); }

  /// Runs the open requests about this version again: new evidence may be what they waited for.
  /// Returns those that were carried out.
  std::vector<std::int64_t> reconsider(const registry::AssetKey& key, std::int64_t number);

 private:
  struct Attempt;
  Outcome run(const Attempt& attempt);
  /// One try: nothing when what the decision rested on changed meanwhile.
  std::optional<Outcome> tryOnce(const Attempt& attempt);
  Outcome runRequest(std::int64_t changeRequest);
  Outcome closedMeanwhile(std::int64_t changeRequest);
  static void apply(registry::Change& change, const Attempt& attempt, Outcome& outcome);
  registry::Store& store_;
  policy::Engine& engine_;
  Options options_;
};

std::string_view outcomeName(Gate::Outcome::Kind kind);
/// {"outcome","from","to","decision","entry","verdict":{"deny":[…],"warn":[…],"require":[{…,"met","by"}]},
///  "change_request":{"id","url"}}: the same members on every front.
json::object outcomeJson(const Gate& gate, const Gate::Outcome& outcome);
/// A cure with what the server knows in place of "<id>", "NAME@VERSION" and "KIND/NAME@VERSION"; 0 leaves it.
std::string filledCure(std::string cure, const registry::AssetKey& key, std::int64_t version,
                       std::int64_t changeRequest);
/// One text for a person: every reason with its cure, and how to go on.
std::string outcomeText(const Gate& gate, const Gate::Move& move, const Gate::Outcome& outcome);

}  // namespace regesta::governance
