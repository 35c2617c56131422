#include "api/native/holds.h"

#include "lifecycle/holds.h"

namespace regesta::api::native {
namespace {

HoldAnswer answerOf(const registry::Hold& hold) {
  HoldAnswer answer;
  answer.id = hold.id;
  answer.target = hold.target();
  answer.kind = hold.kind;
  answer.namePattern = hold.namePattern;
  if (hold.number != 0) answer.version = hold.number;
  answer.reason = hold.reason;
  answer.placedBy = hold.placedBy;
  answer.placedAt = timeText(hold.placedAt);
  answer.liftedAt = timeText(hold.liftedAt);
  answer.liftedBy = optionalText(hold.liftedBy);
  answer.liftReason = optionalText(hold.liftReason);
  return answer;
}

std::vector<registry::Hold> covering(db::Transaction& transaction, const registry::AssetKey& key,
                                     const std::string& version) {
  if (!version.empty()) return registry::holdsOn(transaction, registry::resolveVersion(transaction, key, version));
  return registry::holdsOn(transaction, registry::getAsset(transaction, key));
}

}  // namespace

Page<HoldAnswer> listHolds(Call& call, const HoldQuery& query) {
  if (!query.name.empty()) {
    registry::AssetKey key = readable(call, query.kind, query.name);
    auto holds =
        call.core.store.read([&](db::Transaction& transaction) { return covering(transaction, key, query.version); });
    return pageOf(holds, query.pageToken, query.pageSize, [](const registry::Hold& hold) { return hold.id; }, answerOf);
  }
  std::int64_t before = readNumberToken(query.pageToken);
  return call.core.store.read([&](db::Transaction& transaction) {
    return visiblePage(
        before, query.pageSize,
        [&](std::int64_t below, std::size_t limit) {
          return registry::listHolds(transaction, call.workspace, query.lifted, below, limit);
        },
        [&](const registry::Hold& hold) { return lifecycle::maySee(*call.identity, hold); }, answerOf);
  });
}

HoldAnswer getHold(Call& call, const NumberOnly& path) {
  auto hold = call.core.store.read(
      [&](db::Transaction& transaction) { return registry::findHold(transaction, call.workspace, path.id); });
  if (!hold || !lifecycle::maySee(*call.identity, *hold))
    throw error(Code::notFound, "workspace '{}' has no hold {}", call.workspace, path.id);
  return answerOf(*hold);
}

HoldAnswer placeHold(Call& call, const NewHold& request) {
  if (request.name.empty() == request.namePattern.empty())
    throw Invalid("name", "set exactly one of \"name\" and \"name_pattern\"");
  std::string selector = request.version.text.empty() ? "" : selectorOf(request.version, "version");
  if (request.name.empty() && !selector.empty()) throw Invalid("version", "needs the name of an asset");
  registry::Hold hold;
  hold.workspace = call.workspace;
  hold.kind = request.kind;
  hold.reason = request.reason;
  hold.namePattern = request.namePattern;
  std::optional<registry::AssetKey> key;
  if (!request.name.empty()) key = readable(call, request.kind, request.name);
  call.status = 201;
  return answerOf(call.core.store.change(call.actor(), [&](registry::Change& change) {
    registry::Hold wanted = hold;
    if (key) {
      wanted.namePattern = key->name;
      wanted.asset = registry::getAsset(change.transaction, *key).id;
      if (!selector.empty()) wanted.number = registry::resolveVersion(change.transaction, *key, selector).number;
    }
    return lifecycle::placeHold(change, *call.identity, std::move(wanted));
  }));
}

HoldAnswer liftHold(Call& call, const HoldLift& request) {
  return answerOf(call.core.store.change(call.actor(), [&](registry::Change& change) {
    return lifecycle::liftHold(change, *call.identity, call.workspace, request.id, request.reason);
  }));
}

}  // namespace regesta::api::native
