#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/access.h"
#include "governance/gate.h"
#include "registry/change.h"

/// Waivers: until it expires, what a policy denies with one code passes. One user asks for it, another approves it.
namespace regesta::governance {

struct Facts;

enum class WaiverStatus { requested, approved, revoked };
std::string_view statusName(WaiverStatus status);

struct Waiver {
  std::int64_t id = 0;
  std::string workspace, kind = "*", namePattern;
  std::int64_t version = 0;  ///< 0: every version
  registry::Pointer pointer;
  std::string policy;  ///< its name; empty: every policy
  std::string code;    ///< of the violations that pass
  std::string role;    ///< in which it is approved
  std::string reason;
  std::int64_t expiresAt = 0;
  WaiverStatus status = WaiverStatus::requested;
  std::int64_t requestedAt = 0, approvedAt = 0, revokedAt = 0;
  std::string requestedBy, approvedBy, revokedBy;
  std::string note;  ///< of the newest step
  std::string subject() const { return fmt::format("waiver/{}", id); }
  /// Digest of what is approved: the scope, the role, the reason and the end.
  std::string bound() const;
};

inline constexpr std::int64_t longestWaiverDays = 366;

/// Recorded as "waiver.requested". For users who may write what the pattern matches. Throws Invalid, Error{denied}.
Waiver requestWaiver(registry::Change& change, const access::Identity& identity, Waiver waiver);
/// Recorded as "waiver.granted". For a user who holds its role on the whole pattern, did not ask for it, and did not
/// write the version that it names. Throws Error{denied}, Error{invalidState} unless it is requested.
Waiver approveWaiver(registry::Change& change, const access::Identity& identity, std::string_view workspace,
                     std::int64_t id, std::string_view comment);
/// Recorded as "waiver.revoked". For the user who asked for it, and users who may approve on its pattern.
Waiver revokeWaiver(registry::Change& change, const access::Identity& identity, std::string_view workspace,
                    std::int64_t id, std::string_view reason);

std::optional<Waiver> findWaiver(db::Transaction& transaction, std::string_view workspace, std::int64_t id);
/// By id, newest first; at most `limit` below `before` (0: from the newest).
std::vector<Waiver> listWaivers(db::Transaction& transaction, std::string_view workspace,
                                std::optional<WaiverStatus> status, std::int64_t before, std::size_t limit);
/// Whether the identity may read a name that the pattern matches.
bool maySee(const access::Identity& identity, const Waiver& waiver);

/// Those that apply to the facts' pointer and version at that moment: approved, as the ledger says, by a user who still
/// holds the role.
std::vector<Waiver> waiversFor(db::Transaction& transaction, const Facts& facts, std::int64_t nowMillis);
/// Why the violations of the waiver's code would not pass now; empty: they would.
std::string whyNotInForce(db::Transaction& transaction, const Waiver& waiver, std::int64_t nowMillis);

/// As in a Waiver.
struct WaiverRule {
  std::string_view policy, code, role;
};
/// Whether it lets a violation of the policy ("policy/fair-lending@2") pass, of which `violation` has the further
/// members. Not those of the registry's own rules, nor those that the policy protects: {"waiver": false} in a
/// violation, or {"waiver": {"role": …}} for one role only.
bool letsPass(const WaiverRule& waiver, std::string_view policy, std::string_view code, const json::object& violation);
/// Takes the violations that a waiver of the facts lets pass out of `said`.
std::vector<WaivedViolation> takeWaived(policy::Verdict& said, std::string_view policy, const Facts& facts);
/// For a decision: what each waiver let pass.
json::array toJson(const std::vector<WaivedViolation>& waived);

}  // namespace regesta::governance
