#include "api/native/delegates.h"

#include "base/time.h"

namespace regesta::api::native {
namespace {

using governance::Delegation;

DelegateAnswer delegateAnswer(db::Transaction& transaction, const Delegation& delegation) {
  DelegateAnswer answer;
  answer.id = delegation.id;
  answer.delegator = delegation.delegator;
  answer.delegate = delegation.delegate;
  answer.role = delegation.role;
  answer.reason = delegation.reason;
  answer.why = governance::whyNotInForce(transaction, delegation, nowMillis());
  answer.inForce = answer.why.empty();
  answer.startsAt = timeText(delegation.startsAt);
  answer.endsAt = timeText(delegation.endsAt);
  answer.addedAt = timeText(delegation.addedAt);
  answer.removedAt = timeText(delegation.removedAt);
  answer.removedBy = optionalText(delegation.removedBy);
  return answer;
}

Delegation visibleDelegation(const Call& call, db::Transaction& transaction, std::int64_t id) {
  return visible(call, governance::findDelegate(transaction, call.workspace, id), "delegate", id);
}

}  // namespace

Page<DelegateAnswer> listDelegates(Call& call, const PageQuery& query) {
  std::int64_t before = readNumberToken(query.pageToken);
  return call.core.store.read([&](db::Transaction& transaction) {
    return visiblePage(
        before, query.pageSize,
        [&](std::int64_t below, std::size_t limit) {
          return governance::listDelegates(transaction, call.workspace, below, limit);
        },
        [&](const Delegation& delegation) { return governance::maySee(*call.identity, delegation); },
        [&](const Delegation& delegation) { return delegateAnswer(transaction, delegation); });
  });
}

DelegateAnswer addDelegate(Call& call, const NewDelegate& request) {
  Delegation delegation;
  delegation.workspace = call.workspace;
  delegation.delegate = registry::Actor::user(request.delegate).name;
  delegation.role = request.role;
  delegation.reason = request.reason;
  delegation.startsAt = momentOf(request.startsAt, "starts_at").value_or(0);
  delegation.endsAt = momentOf(request.endsAt, "ends_at").value_or(0);
  call.status = 201;
  std::int64_t id = call.core.store.change(call.actor(), [&](registry::Change& change) {
    return governance::addDelegate(change, *call.identity, delegation).id;
  });
  return getDelegate(call, {id});  // with its entry in the ledger, it is in force
}

DelegateAnswer getDelegate(Call& call, const NumberOnly& path) {
  return call.core.store.read([&](db::Transaction& transaction) {
    return delegateAnswer(transaction, visibleDelegation(call, transaction, path.id));
  });
}

DelegateAnswer removeDelegate(Call& call, const NumberOnly& path) {
  return call.core.store.change(call.actor(), [&](registry::Change& change) {
    return delegateAnswer(
        change.transaction,
        governance::removeDelegate(change, *call.identity, visibleDelegation(call, change.transaction, path.id)));
  });
}

}  // namespace regesta::api::native
