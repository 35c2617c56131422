#include "api/native/waivers.h"

#include "base/name_pattern.h"
#include "base/time.h"
#include "registry/pointer.h"

namespace regesta::api::native {
namespace {

using governance::BreakGlass;
using governance::BreakGlassStatus;
using governance::Waiver;
using governance::WaiverStatus;

template <class Status>
std::optional<Status> statusAsked(std::string_view text, std::initializer_list<Status> all) {
  if (text.empty()) return std::nullopt;
  std::vector<std::string_view> names;
  for (Status status : all) {
    if (governance::statusName(status) == text) return status;
    names.push_back(governance::statusName(status));
  }
  throw Invalid("status", fmt::format("must be one of {}", fmt::join(names, ", ")));
}

WaiverAnswer waiverAnswer(db::Transaction& transaction, const Waiver& waiver) {
  WaiverAnswer answer;
  answer.id = waiver.id;
  answer.kind = waiver.kind;
  answer.namePattern = waiver.namePattern;
  answer.version = waiver.version;
  answer.pointer = waiver.pointer.text();
  answer.policy = waiver.policy;
  answer.code = waiver.code;
  answer.role = waiver.role;
  answer.reason = waiver.reason;
  answer.status = governance::statusName(waiver.status);
  answer.why = governance::whyNotInForce(transaction, waiver, nowMillis());
  answer.inForce = answer.why.empty();
  answer.expiresAt = timeText(waiver.expiresAt);
  answer.requestedAt = timeText(waiver.requestedAt);
  answer.requestedBy = waiver.requestedBy;
  answer.approvedAt = timeText(waiver.approvedAt);
  answer.approvedBy = optionalText(waiver.approvedBy);
  answer.revokedAt = timeText(waiver.revokedAt);
  answer.revokedBy = optionalText(waiver.revokedBy);
  answer.note = optionalText(waiver.note);
  return answer;
}

BreakGlassAnswer breakGlassAnswer(const BreakGlass& used) {
  BreakGlassAnswer answer;
  answer.id = used.id;
  answer.kind = registry::kindName(used.key.kind);
  answer.name = used.key.name;
  answer.pointer = used.pointer.text();
  answer.from = used.fromNumber;
  answer.to = used.toNumber;
  answer.decision = used.decision;
  answer.reason = used.reason;
  answer.status = governance::statusName(used.status);
  constexpr std::int64_t due = governance::breakGlassReviewDays * 24 * 3600 * 1000;
  answer.overdue = used.status == BreakGlassStatus::open && nowMillis() > used.usedAt + due;
  answer.usedAt = timeText(used.usedAt);
  answer.usedBy = used.usedBy;
  answer.reviewedAt = timeText(used.reviewedAt);
  answer.reviewedBy = optionalText(used.reviewedBy);
  answer.conclusion = optionalText(used.conclusion);
  return answer;
}

/// The asset that a list is about; nothing: every asset.
template <class Query>
std::optional<registry::AssetKey> assetAsked(const Call& call, const Query& query) {
  if (query.kind.empty() != query.name.empty()) throw Invalid(query.kind.empty() ? "kind" : "name", "is missing");
  if (query.name.empty()) return std::nullopt;
  return registry::AssetKey{call.workspace, kindOf(query.kind), query.name};
}

}  // namespace

Page<WaiverAnswer> listWaivers(Call& call, const WaiverQuery& query) {
  auto status = statusAsked(query.status, {WaiverStatus::requested, WaiverStatus::approved, WaiverStatus::revoked});
  std::int64_t before = readNumberToken(query.pageToken);
  auto asset = assetAsked(call, query);
  return call.core.store.read([&](db::Transaction& transaction) {
    return visiblePage(
        before, query.pageSize,
        [&](std::int64_t below, std::size_t limit) {
          return governance::listWaivers(transaction, call.workspace, status, below, limit);
        },
        [&](const Waiver& waiver) {
          return governance::maySee(*call.identity, waiver) &&
                 (!asset || AssetPattern{waiver.workspace, waiver.kind, waiver.namePattern}.covers(
                                call.workspace, registry::kindName(asset->kind), asset->name));
        },
        [&](const Waiver& waiver) { return waiverAnswer(transaction, waiver); });
  });
}

WaiverAnswer requestWaiver(Call& call, const NewWaiver& request) {
  Waiver waiver;
  waiver.workspace = call.workspace;
  if (!request.kind.empty()) waiver.kind = request.kind;
  waiver.namePattern = request.namePattern;
  waiver.pointer = registry::parsePointer(request.pointer);
  waiver.policy = request.policy;
  waiver.code = request.code;
  waiver.role = request.role.empty() ? "approver" : request.role;
  waiver.reason = request.reason;
  waiver.expiresAt = momentOf(request.expiresAt, "expires_at").value_or(0);
  call.status = 201;
  return call.core.store.change(call.actor(), [&](registry::Change& change) {
    Waiver wanted = waiver;
    if (!request.version.text.empty() && request.version.text != "null") {
      call.require(access::Verb::read, wanted.namePattern);
      registry::AssetKey key{call.workspace, kindOf(wanted.kind), wanted.namePattern};
      wanted.version = registry::resolveVersion(change.transaction, key, selectorOf(request.version, "version")).number;
    }
    return waiverAnswer(change.transaction, governance::requestWaiver(change, *call.identity, std::move(wanted)));
  });
}

WaiverAnswer getWaiver(Call& call, const NumberOnly& path) {
  return call.core.store.read([&](db::Transaction& transaction) {
    return waiverAnswer(transaction,
                        visible(call, governance::findWaiver(transaction, call.workspace, path.id), "waiver", path.id));
  });
}

WaiverAnswer approveWaiver(Call& call, const WaiverApproval& request) {
  call.core.store.change(call.actor(), [&](registry::Change& change) {
    governance::approveWaiver(change, *call.identity, call.workspace, request.id, request.comment);
  });
  return getWaiver(call, {request.id});
}

WaiverAnswer revokeWaiver(Call& call, const WaiverRevocation& request) {
  return call.core.store.change(call.actor(), [&](registry::Change& change) {
    return waiverAnswer(change.transaction,
                        governance::revokeWaiver(change, *call.identity, call.workspace, request.id, request.reason));
  });
}

Page<BreakGlassAnswer> listBreakGlass(Call& call, const BreakGlassQuery& query) {
  auto status =
      statusAsked(query.status, {BreakGlassStatus::open, BreakGlassStatus::accepted, BreakGlassStatus::objected});
  std::int64_t before = readNumberToken(query.pageToken);
  auto asset = assetAsked(call, query);
  return call.core.store.read([&](db::Transaction& transaction) {
    return visiblePage(
        before, query.pageSize,
        [&](std::int64_t below, std::size_t limit) {
          return governance::listBreakGlass(transaction, call.workspace, status, below, limit);
        },
        [&](const BreakGlass& used) {
          return governance::maySee(*call.identity, used) &&
                 (!asset || (used.key.kind == asset->kind && used.key.name == asset->name));
        },
        breakGlassAnswer);
  });
}

BreakGlassAnswer getBreakGlass(Call& call, const NumberOnly& path) {
  return breakGlassAnswer(call.core.store.read([&](db::Transaction& transaction) {
    return visible(call, governance::findBreakGlass(transaction, call.workspace, path.id), "break-glass review",
                   path.id);
  }));
}

BreakGlassAnswer reviewBreakGlass(Call& call, const BreakGlassReview& request) {
  auto status = statusAsked(request.status, {BreakGlassStatus::accepted, BreakGlassStatus::objected}).value();
  return breakGlassAnswer(call.core.store.change(call.actor(), [&](registry::Change& change) {
    BreakGlass used = visible(call, governance::findBreakGlass(change.transaction, call.workspace, request.id),
                              "break-glass review", request.id);
    return governance::reviewBreakGlass(change, *call.identity, std::move(used), status, request.conclusion);
  }));
}

}  // namespace regesta::api::native
