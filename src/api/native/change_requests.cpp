#include "api/native/change_requests.h"

#include <algorithm>

#include "connect/link.h"
#include "governance/approver.h"
#include "governance/decision.h"
#include "registry/pointer.h"

namespace regesta::api::native {

namespace {

std::string exclusionName(governance::Exclusion why) {
  switch (why) {
    case governance::Exclusion::author:
      return "author";
    case governance::Exclusion::requester:
      return "requester";
    case governance::Exclusion::early:
      return "early";
  }
  return {};
}

using access::Verb;
using governance::ChangeRequest;
using governance::Gate;

/// The requirements of a decision, each with the approvals that the policy asked for ({"role","count"}), if it did.
json::value requirementsOf(const json::object& body) {
  json::value requirements = body.at("requirements");
  const json::array& asked = body.at("verdict").at("require").as_array();
  json::array& items = requirements.as_array();
  for (std::size_t i = 0; i < items.size() && i < asked.size(); ++i)
    if (const json::object* one = asked[i].if_object())
      if (const json::value* approvals = one->if_contains("approvals")) items[i].as_object()["approvals"] = *approvals;
  return requirements;
}

void fillRemediations(json::value& violations, const ChangeRequest& request) {
  if (!violations.is_array()) return;
  for (json::value& violation : violations.get_array())
    if (json::value* remediation = violation.is_object() ? violation.get_object().if_contains("remediation") : nullptr;
        remediation && remediation->is_string())
      *remediation = governance::fillRemediation(std::string(remediation->get_string()), request.key, request.toNumber,
                                                 request.id);
}

/// The verdict of the request's newest decision, with what has met its requirements since, and what waivers let pass.
void fillVerdict(db::Transaction& transaction, const ChangeRequest& request, ChangeRequestAnswer& answer) {
  auto decision = governance::findDecision(transaction, request.decision);
  if (!decision) return;
  json::value body = parseJson(decision->body);
  json::value verdict = body.at("verdict");
  verdict.as_object()["require"] = requirementsOf(body.as_object());
  for (std::string_view set : {"deny", "require", "warn"}) fillRemediations(verdict.as_object()[set], request);
  answer.verdict.text = writeJson(verdict);
  if (const json::value* waivers = body.as_object().if_contains("waivers")) answer.waivers.text = writeJson(*waivers);
}

ChangeRequestAnswer answerOf(db::Transaction& transaction, const Gate& gate, const ChangeRequest& request) {
  ChangeRequestAnswer answer;
  answer.id = request.id;
  answer.status = statusName(request.status);
  answer.kind = registry::kindName(request.key.kind);
  answer.name = request.key.name;
  answer.pointer = request.pointer.text();
  answer.action = request.action;
  answer.version = request.toNumber;
  answer.from = request.fromNumber;
  answer.digest = request.toDigest;
  answer.fromDigest = request.fromDigest;
  answer.reason = request.reason;
  answer.requestedBy = request.requestedBy;
  answer.openedAt = timeText(request.openedAt);
  answer.closedAt = timeText(request.closedAt);
  answer.closedBy = optionalText(request.closedBy);
  answer.closedReason = optionalText(request.note);
  answer.decision = optionalText(request.decision);
  fillVerdict(transaction, request, answer);
  answer.plan.text = request.plan;
  for (const governance::Approval& approval : governance::approvalsOf(transaction, request.id)) {
    std::optional<bool> lapsed;
    if (request.status == governance::RequestStatus::open && governance::hasLapsed(transaction, request, approval))
      lapsed = true;
    answer.approvals.push_back({approval.actor, approval.roles, approval.comment, timeText(approval.at),
                                optionalText(approval.decision), lapsed, optionalText(approval.onBehalfOf)});
  }
  for (const connect::LinkView& link : connect::linksOf(transaction, request.id))
    answer.tickets.push_back({link.connection, link.type, link.key, link.url, optionalText(link.problem)});
  answer.url = gate.changeRequestUrl(request.id);
  answer.notBefore = timeText(request.notBefore);
  if (!request.changeSet.empty())
    for (const ChangeRequest& other : governance::requestsOfSet(transaction, request.changeSet))
      if (other.id != request.id) answer.together.push_back(other.id);
  return answer;
}

void check(const Call& call, std::int64_t id) {
  call.core.store.read([&](db::Transaction& transaction) { requestOf(call, transaction, id); });
}

template <class Keep>
Page<ChangeRequestAnswer> pageOf(Call& call, governance::RequestFilter filter, std::int64_t pageSize,
                                 std::string_view token, Keep keep) {
  std::size_t wanted = rowsOf(pageSize);
  filter.workspace = call.workspace;
  filter.before = readNumberToken(token);
  filter.limit = 200;
  return call.core.store.read([&](db::Transaction& transaction) {
    Page<ChangeRequestAnswer> page;
    while (true) {
      std::vector<ChangeRequest> batch = governance::listChangeRequests(transaction, filter);
      for (const ChangeRequest& request : batch) {
        if (!call.identity->may(Verb::read, call.workspace, request.key.name) || !keep(transaction, request)) continue;
        if (page.items.size() == wanted) {
          page.nextPageToken = makeToken(std::to_string(page.items.back().id));
          return page;
        }
        page.items.push_back(answerOf(transaction, call.core.gate, request));
      }
      if (batch.size() < filter.limit) return page;
      filter.before = batch.back().id;
    }
  });
}

std::string subjectOf(Call& call, std::int64_t id) {
  return call.core.store.read(
      [&](db::Transaction& transaction) { return requestOf(call, transaction, id).pointerSubject(); });
}

ReviewRightsAnswer viewerOf(db::Transaction& transaction, const ChangeRequest& request,
                            const access::Identity& identity) {
  governance::ReviewRights own = governance::reviewRights(transaction, request, identity);
  auto excludedOf = [](const governance::ReviewRights& rights) {
    return rights.excluded ? std::optional(exclusionName(*rights.excluded)) : std::nullopt;
  };
  ReviewRightsAnswer answer{own.mayApprove, own.counts, own.roles, excludedOf(own), {}};
  for (const governance::ReviewRights& rights : governance::delegatedRights(transaction, request, identity))
    answer.delegated.push_back({rights.onBehalfOf, rights.counts, rights.roles, excludedOf(rights)});
  return answer;
}

/// The actor with the name; empty: nobody.
std::string representedIn(const Review& review) {
  return review.onBehalfOf.empty() ? std::string() : registry::Actor::user(review.onBehalfOf).name;
}

ChangeRequestAnswer read(Call& call, std::int64_t id) {
  return call.core.store.read([&](db::Transaction& transaction) {
    ChangeRequest request = requestOf(call, transaction, id);
    ChangeRequestAnswer answer = answerOf(transaction, call.core.gate, request);
    if (request.status == governance::RequestStatus::open)
      answer.viewer = viewerOf(transaction, request, *call.identity);
    return answer;
  });
}

}  // namespace

ChangeRequest requestOf(const Call& call, db::Transaction& transaction, std::int64_t id) {
  std::optional<ChangeRequest> request = governance::findChangeRequest(transaction, id);
  requireReadable(call, request ? std::optional(request->key) : std::nullopt, fmt::format("change request {}", id));
  return *std::move(request);
}

Page<ChangeRequestAnswer> listChangeRequests(Call& call, const ChangeRequestQuery& query) {
  governance::RequestFilter filter;
  filter.status = query.status;
  filter.kind = query.kind;
  filter.name = query.name;
  return pageOf(call, filter, query.pageSize, query.pageToken,
                [](db::Transaction&, const ChangeRequest&) { return true; });
}

MoveAnswer createChangeRequest(Call& call, const NewChangeRequest& asked) {
  registry::AssetKey key = readable(call, asked.kind, asked.name);
  std::string selector = selectorOf(asked.version, "version");
  std::int64_t number = call.core.store.read(
      [&](db::Transaction& transaction) { return registry::resolveVersion(transaction, key, selector).number; });
  Gate::Move move{.key = key, .pointer = registry::parsePointer(asked.pointer), .to = number, .reason = asked.reason};
  Gate::Outcome outcome = call.core.gate.move(*call.identity, move);
  if (outcome.kind == Gate::Outcome::Kind::refused)
    throw Error(Code::refused, governance::outcomeText(call.core.gate, move, outcome),
                writeJson(governance::outcomeJson(call.core.gate, outcome)));
  if (outcome.kind == Gate::Outcome::Kind::pending) call.status = 201;
  return moveAnswer(call.core, key.subject(move.pointer), outcome);
}

ChangeRequestAnswer getChangeRequest(Call& call, const NumberOnly& path) { return read(call, path.id); }

MoveAnswer approveChangeRequest(Call& call, const Review& review) {
  std::string subject = subjectOf(call, review.id);
  return moveAnswer(call.core, subject,
                    call.core.gate.approve(review.id, *call.identity, review.comment, review.role, review.decision,
                                           nullptr, representedIn(review)));
}

ChangeRequestAnswer rejectChangeRequest(Call& call, const Review& review) {
  check(call, review.id);
  call.core.gate.reject(review.id, *call.identity, review.comment, review.decision, nullptr, representedIn(review));
  return read(call, review.id);
}

ChangeRequestAnswer withdrawChangeRequest(Call& call, const Review& review) {
  check(call, review.id);
  call.core.gate.withdraw(review.id, *call.identity, review.comment);
  return read(call, review.id);
}

MoveAnswer retryChangeRequest(Call& call, const NumberOnly& path) {
  std::string subject = subjectOf(call, path.id);
  return moveAnswer(call.core, subject, call.core.gate.retry(path.id, *call.identity));
}

Page<ChangeRequestAnswer> listApprovals(Call& call, const WaitingQuery& query) {
  if (query.waitingFor != "me" && !query.waitingFor.empty()) throw Invalid("waiting_for", "must be \"me\"");
  governance::RequestFilter filter;
  filter.status = statusName(governance::RequestStatus::open);
  return pageOf(call, filter, query.pageSize, query.pageToken,
                [&](db::Transaction& transaction, const ChangeRequest& request) {
                  return governance::waitsFor(transaction, request, *call.identity);
                });
}

}  // namespace regesta::api::native
