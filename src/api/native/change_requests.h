#pragma once
#include "api/native/aliases.h"
#include "governance/change_request.h"

namespace regesta::api::native {

struct ApprovalAnswer {
  std::string user;
  std::vector<std::string> roles;
  std::string comment;
  std::optional<std::string> at, decision;
  std::optional<bool> lapsed;
  std::optional<std::string> onBehalfOf;
  static constexpr Field fields[] = {
      field<&ApprovalAnswer::user>("user"),
      field<&ApprovalAnswer::roles>("roles"),
      field<&ApprovalAnswer::comment>("comment"),
      field<&ApprovalAnswer::at>("at"),
      field<&ApprovalAnswer::decision>("decision", about("the decision that the approver saw")),
      field<&ApprovalAnswer::lapsed>("lapsed", about("true when what it was given for has changed since: it no "
                                                     "longer counts, and may be given again")),
      field<&ApprovalAnswer::onBehalfOf>("on_behalf_of", about("the approver whose delegate the user was"))};
};
struct DelegatedRightsAnswer {
  std::string delegator;
  bool counts = false;
  std::vector<std::string> roles;
  std::optional<std::string> excluded;
  static constexpr Field fields[] = {
      field<&DelegatedRightsAnswer::delegator>("delegator"),
      field<&DelegatedRightsAnswer::counts>("counts", about("a requirement that is not met yet would count it")),
      field<&DelegatedRightsAnswer::roles>("roles"),
      field<&DelegatedRightsAnswer::excluded>("excluded",
                                              about("author, requester or early: why it cannot be counted"))};
};
struct ReviewRightsAnswer {
  bool mayApprove = false, counts = false;
  std::vector<std::string> roles;
  std::optional<std::string> excluded;
  std::vector<DelegatedRightsAnswer> delegated;
  static constexpr Field fields[] = {
      field<&ReviewRightsAnswer::mayApprove>("may_approve"), field<&ReviewRightsAnswer::roles>("roles"),
      field<&ReviewRightsAnswer::counts>("counts", about("a requirement that is not met yet would count the approval")),
      field<&ReviewRightsAnswer::excluded>("excluded", about("author, requester or early: why it cannot be counted")),
      field<&ReviewRightsAnswer::delegated>("delegated", about("the same on behalf of each user whose delegate the "
                                                               "caller is"))};
};
struct TicketAnswer {
  std::string connection, type, key, url;
  std::optional<std::string> problem;
  static constexpr Field fields[] = {
      field<&TicketAnswer::connection>("connection", about("name of the connection")),
      field<&TicketAnswer::type>("type"), field<&TicketAnswer::key>("key", about("of the issue: ML-12")),
      field<&TicketAnswer::url>("url"),
      field<&TicketAnswer::problem>("problem", about("why the newest exchange about it failed"))};
};
struct ChangeRequestAnswer {
  std::int64_t id = 0;
  std::string status, kind, name, pointer, action;
  std::int64_t version = 0, from = 0;
  std::string digest, fromDigest, reason, requestedBy;
  std::optional<std::string> openedAt, closedAt, closedBy, closedReason, decision, notBefore;
  RawJson verdict, waivers, plan;
  std::vector<ApprovalAnswer> approvals;
  std::vector<TicketAnswer> tickets;
  std::vector<std::int64_t> together;
  std::optional<ReviewRightsAnswer> viewer;
  std::string url;
  static constexpr Field fields[] = {
      field<&ChangeRequestAnswer::id>("id"),
      field<&ChangeRequestAnswer::status>("status"),
      field<&ChangeRequestAnswer::kind>("kind"),
      field<&ChangeRequestAnswer::name>("name"),
      field<&ChangeRequestAnswer::pointer>("pointer"),
      field<&ChangeRequestAnswer::action>("action"),
      field<&ChangeRequestAnswer::version>("version"),
      field<&ChangeRequestAnswer::from>("from"),
      field<&ChangeRequestAnswer::digest>("digest"),
      field<&ChangeRequestAnswer::fromDigest>("from_digest"),
      field<&ChangeRequestAnswer::reason>("reason"),
      field<&ChangeRequestAnswer::requestedBy>("requested_by"),
      field<&ChangeRequestAnswer::openedAt>("opened_at"),
      field<&ChangeRequestAnswer::closedAt>("closed_at"),
      field<&ChangeRequestAnswer::closedBy>("closed_by"),
      field<&ChangeRequestAnswer::closedReason>("closed_reason"),
      field<&ChangeRequestAnswer::decision>("decision"),
      field<&ChangeRequestAnswer::notBefore>("not_before", about("when it is carried out at the earliest")),
      field<&ChangeRequestAnswer::verdict>("verdict",
                                           about("of the newest decision; `require` says what is met and by whom")),
      field<&ChangeRequestAnswer::waivers>("waivers", about("violations that waivers let pass in that decision")),
      field<&ChangeRequestAnswer::plan>("plan", about("of the rollout that it would start; absent: a plain move")),
      field<&ChangeRequestAnswer::approvals>("approvals"),
      field<&ChangeRequestAnswer::tickets>("tickets", about("where it is reviewed in connected programs")),
      field<&ChangeRequestAnswer::together>(
          "together", about("ids of the other requests of its change set: all are carried out together")),
      field<&ChangeRequestAnswer::viewer>(
          "viewer", about("what the caller's approval would be; only for one open request, not in lists")),
      field<&ChangeRequestAnswer::url>("url")};
};
struct ChangeRequestQuery {
  std::string status, kind, name, pageToken;
  std::int64_t pageSize = 0;
  static constexpr Field fields[] = {field<&ChangeRequestQuery::status>("status"),
                                     field<&ChangeRequestQuery::kind>("kind"), field<&ChangeRequestQuery::name>("name"),
                                     field<&ChangeRequestQuery::pageToken>("page_token"),
                                     field<&ChangeRequestQuery::pageSize>("page_size", pageRule)};
};
struct NewChangeRequest {
  std::string kind, name, pointer;
  RawJson version;
  std::string reason;
  static constexpr std::string_view documentation =
      "Proposes to move a protected alias or stage to a version. If nothing is missing, the move happens at "
      "once (200); otherwise the request waits for approvals and evidence (201).";
  static constexpr Field fields[] = {
      field<&NewChangeRequest::kind>("kind", required), field<&NewChangeRequest::name>("name", required),
      field<&NewChangeRequest::pointer>("pointer", required), field<&NewChangeRequest::version>("version", present),
      field<&NewChangeRequest::reason>("reason", atMost(4000))};
};
struct Review {
  std::int64_t id = 0;
  std::string comment, role, decision, onBehalfOf;
  static constexpr Field fields[] = {
      field<&Review::id>("id", present | atLeast(1)), field<&Review::comment>("comment", atMost(4000)),
      field<&Review::role>("role", about("approve in this role only")),
      field<&Review::decision>("decision", about("the decision that you saw; 409 if there is a newer one")),
      field<&Review::onBehalfOf>("on_behalf_of", about("name of the user whose delegate you are for this review"))};
};
struct WaitingQuery {
  std::string waitingFor, pageToken;
  std::int64_t pageSize = 0;
  static constexpr Field fields[] = {
      field<&WaitingQuery::waitingFor>("waiting_for",
                                       about("\"me\": open requests that lack an approval that the caller can give")),
      field<&WaitingQuery::pageToken>("page_token"), field<&WaitingQuery::pageSize>("page_size", pageRule)};
};

/// The request, if it belongs to the call's workspace and the caller may read its asset. Throws
/// Error{notFound}, Error{denied}.
governance::ChangeRequest requestOf(const Call& call, db::Transaction& transaction, std::int64_t id);

Page<ChangeRequestAnswer> listChangeRequests(Call& call, const ChangeRequestQuery& query);
/// Requests the move. Applied at once if nothing is missing; otherwise pending, with the request's id (201).
MoveAnswer createChangeRequest(Call& call, const NewChangeRequest& request);
ChangeRequestAnswer getChangeRequest(Call& call, const NumberOnly& path);
MoveAnswer approveChangeRequest(Call& call, const Review& review);
ChangeRequestAnswer rejectChangeRequest(Call& call, const Review& review);
ChangeRequestAnswer withdrawChangeRequest(Call& call, const Review& review);
MoveAnswer retryChangeRequest(Call& call, const NumberOnly& path);
Page<ChangeRequestAnswer> listApprovals(Call& call, const WaitingQuery& query);

}  // namespace regesta::api::native
