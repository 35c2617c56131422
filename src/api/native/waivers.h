#pragma once
#include "api/native/common.h"
#include "governance/break_glass.h"
#include "governance/waiver.h"

namespace regesta::api::native {

struct WaiverAnswer {
  std::int64_t id = 0;
  std::string kind, namePattern;
  std::int64_t version = 0;
  std::string pointer, policy, code, role, reason, status;
  bool inForce = false;
  std::string why;
  std::optional<std::string> expiresAt, requestedAt;
  std::string requestedBy;
  std::optional<std::string> approvedAt, approvedBy, revokedAt, revokedBy, note;
  static constexpr Field fields[] = {
      field<&WaiverAnswer::id>("id"),
      field<&WaiverAnswer::kind>("kind"),
      field<&WaiverAnswer::namePattern>("name_pattern"),
      field<&WaiverAnswer::version>("version", about("0: every version")),
      field<&WaiverAnswer::pointer>("pointer", about("an alias, or stage:Production")),
      field<&WaiverAnswer::policy>("policy", about("empty: every policy")),
      field<&WaiverAnswer::code>("code", about("of the violations that pass")),
      field<&WaiverAnswer::role>("role", about("in which it is approved")),
      field<&WaiverAnswer::reason>("reason"),
      field<&WaiverAnswer::status>("status", about("requested, approved or revoked")),
      field<&WaiverAnswer::inForce>("in_force", about("violations with its code pass now")),
      field<&WaiverAnswer::why>("why", about("why it is not in force")),
      field<&WaiverAnswer::expiresAt>("expires_at"),
      field<&WaiverAnswer::requestedAt>("requested_at"),
      field<&WaiverAnswer::requestedBy>("requested_by"),
      field<&WaiverAnswer::approvedAt>("approved_at"),
      field<&WaiverAnswer::approvedBy>("approved_by"),
      field<&WaiverAnswer::revokedAt>("revoked_at"),
      field<&WaiverAnswer::revokedBy>("revoked_by"),
      field<&WaiverAnswer::note>("note", about("of the approval or revocation"))};
};
struct WaiverQuery {
  std::string status, kind, name, pageToken;
  std::int64_t pageSize = 0;
  static constexpr Field fields[] = {
      field<&WaiverQuery::status>("status", about("requested, approved or revoked; absent: all")),
      field<&WaiverQuery::kind>("kind", about("with name: only waivers that cover this asset")),
      field<&WaiverQuery::name>("name", about("with kind: only waivers that cover this asset")),
      field<&WaiverQuery::pageToken>("page_token"), field<&WaiverQuery::pageSize>("page_size", pageRule)};
};
struct NewWaiver {
  std::string kind, namePattern, pointer, code, policy, role, reason, expiresAt;
  RawJson version;
  static constexpr std::string_view documentation =
      "Asks for violations with this code to pass until the waiver expires. It takes effect when another user, who "
      "holds its role, approves it. The registry's own rules and the quarantine cannot be waived.";
  static constexpr Field fields[] = {
      field<&NewWaiver::kind>("kind", about("prompt, model, dataset or artifact; absent: every kind")),
      field<&NewWaiver::namePattern>("name_pattern", required | about("name of an asset, or a pattern")),
      field<&NewWaiver::pointer>("pointer", required | about("an alias, or stage:Production")),
      field<&NewWaiver::code>("code", required | about("of the policy's violation")),
      field<&NewWaiver::policy>("policy", about("name of the policy; absent: every policy")),
      field<&NewWaiver::role>("role", about("in which it is approved; absent: approver")),
      field<&NewWaiver::reason>("reason", required | about("kept in the ledger")),
      field<&NewWaiver::expiresAt>("expires_at", required | about("RFC 3339, at most 366 days away")),
      field<&NewWaiver::version>("version", about("number, SemVer or alias; absent: every version"))};
};
struct WaiverApproval {
  std::int64_t id = 0;
  std::string comment;
  static constexpr Field fields[] = {field<&WaiverApproval::id>("id", present | atLeast(1)),
                                     field<&WaiverApproval::comment>("comment")};
};
struct WaiverRevocation {
  std::int64_t id = 0;
  std::string reason;
  static constexpr Field fields[] = {field<&WaiverRevocation::id>("id", present | atLeast(1)),
                                     field<&WaiverRevocation::reason>("reason", required)};
};

struct BreakGlassAnswer {
  std::int64_t id = 0;
  std::string kind, name, pointer;
  std::int64_t from = 0, to = 0;
  std::string decision, reason, status;
  bool overdue = false;
  std::optional<std::string> usedAt;
  std::string usedBy;
  std::optional<std::string> reviewedAt, reviewedBy, conclusion;
  static constexpr Field fields[] = {field<&BreakGlassAnswer::id>("id"),
                                     field<&BreakGlassAnswer::kind>("kind"),
                                     field<&BreakGlassAnswer::name>("name"),
                                     field<&BreakGlassAnswer::pointer>("pointer"),
                                     field<&BreakGlassAnswer::from>("from"),
                                     field<&BreakGlassAnswer::to>("to"),
                                     field<&BreakGlassAnswer::decision>("decision"),
                                     field<&BreakGlassAnswer::reason>("reason"),
                                     field<&BreakGlassAnswer::status>("status", about("open, accepted or objected")),
                                     field<&BreakGlassAnswer::overdue>("overdue", about("open for more than 2 days")),
                                     field<&BreakGlassAnswer::usedAt>("used_at"),
                                     field<&BreakGlassAnswer::usedBy>("used_by"),
                                     field<&BreakGlassAnswer::reviewedAt>("reviewed_at"),
                                     field<&BreakGlassAnswer::reviewedBy>("reviewed_by"),
                                     field<&BreakGlassAnswer::conclusion>("conclusion")};
};
struct BreakGlassQuery {
  std::string status, kind, name, pageToken;
  std::int64_t pageSize = 0;
  static constexpr Field fields[] = {
      field<&BreakGlassQuery::status>("status", about("open, accepted or objected; absent: all")),
      field<&BreakGlassQuery::kind>("kind", about("with name: only moves of this asset")),
      field<&BreakGlassQuery::name>("name", about("with kind: only moves of this asset")),
      field<&BreakGlassQuery::pageToken>("page_token"), field<&BreakGlassQuery::pageSize>("page_size", pageRule)};
};
struct BreakGlassReview {
  std::int64_t id = 0;
  std::string status, conclusion;
  static constexpr std::string_view documentation =
      "Closes the review of a move against the policies. For users who may approve, did not make the move, and are not "
      "authors of the version.";
  static constexpr Field fields[] = {
      field<&BreakGlassReview::id>("id", present | atLeast(1)),
      field<&BreakGlassReview::status>("status", required | about("accepted or objected")),
      field<&BreakGlassReview::conclusion>("conclusion", required | about("kept in the ledger"))};
};

Page<WaiverAnswer> listWaivers(Call& call, const WaiverQuery& query);
WaiverAnswer requestWaiver(Call& call, const NewWaiver& request);
WaiverAnswer getWaiver(Call& call, const NumberOnly& path);
WaiverAnswer approveWaiver(Call& call, const WaiverApproval& request);
WaiverAnswer revokeWaiver(Call& call, const WaiverRevocation& request);
Page<BreakGlassAnswer> listBreakGlass(Call& call, const BreakGlassQuery& query);
BreakGlassAnswer getBreakGlass(Call& call, const NumberOnly& path);
BreakGlassAnswer reviewBreakGlass(Call& call, const BreakGlassReview& request);

}  // namespace regesta::api::native
