#include "api/native/aliases.h"

#include <algorithm>

#include "api/native/history.h"
#include "base/text.h"
#include "base/time.h"
#include "governance/binding.h"
#include "ledger/log.h"
#include "registry/pointer.h"
#include "registry/standing.h"

namespace regesta::api::native {

std::int64_t numberOf(Call& call, const registry::AssetKey& key, const RawJson& selector) {
  std::string text = selectorOf(selector, "version");
  return call.core.store.read(
      [&](db::Transaction& transaction) { return registry::resolveVersion(transaction, key, text).number; });
}

namespace {

using governance::Gate;

/// Where to roll back to; 0: to the version before. A number that never was is the gate's to refuse.
std::int64_t targetOf(Call& call, const registry::AssetKey& key, const RawJson& to) {
  if (to.text.empty() || to.text == "0" || to.text == "null") return 0;
  std::string selector = selectorOf(to, "to");
  if (auto number = parseInteger(selector)) return *number;
  call.require(access::Verb::read, key.name);
  return numberOf(call, key, to);
}

constexpr int indexPatienceMillis = 3000;  // entries get their index within milliseconds; an answer without one is fine

/// The answer to a move that happened. Throws Error{refused} for one that the gate did not allow.
MoveAnswer answerOf(Call& call, const Gate::Move& move, const Gate::Outcome& outcome) {
  if (outcome.isDone()) {
    MoveAnswer answer = moveAnswer(call.core, move.key.subject(move.pointer), outcome);
    answer.warnings = call.core.store.read([&](db::Transaction& transaction) {
      auto version = registry::findVersion(transaction, move.key, outcome.to);
      return version ? registry::pointerWarnings(transaction, *version) : std::vector<std::string>{};
    });
    return answer;
  }
  json::object detail = governance::outcomeJson(call.core.gate, outcome);
  if (auto index = call.core.log.indexOf(outcome.entryId, indexPatienceMillis)) detail["entry"] = *index;
  throw Error(Code::refused, governance::outcomeText(call.core.gate, move, outcome), writeJson(detail));
}

MoveAnswer run(Call& call, const Gate::Move& move) {
  call.require(access::Verb::read, move.key.name);
  return answerOf(call, move, call.core.gate.move(*call.identity, move));
}

}  // namespace

MoveAnswer moveAnswer(Core& core, const std::string& subject, const Gate::Outcome& outcome) {
  json::object shown = governance::outcomeJson(core.gate, outcome);
  MoveAnswer answer;
  answer.outcome = governance::outcomeName(outcome.kind);
  answer.subject = subject;
  answer.from = outcome.from;
  answer.to = outcome.to;
  answer.decision = optionalText(outcome.decision);
  if (outcome.entryId != 0) answer.entry = core.log.indexOf(outcome.entryId, indexPatienceMillis);
  answer.verdict.text = writeJson(shown.at("verdict"));
  if (const json::value* waived = shown.if_contains("waived")) answer.waived.text = writeJson(*waived);
  if (outcome.breakGlass != 0) answer.breakGlass = outcome.breakGlass;
  if (const json::value* request = shown.if_contains("change_request")) answer.changeRequest.text = writeJson(*request);
  return answer;
}

namespace {

RolloutThen thenOf(const registry::RolloutChange& change) {
  RolloutThen then;
  then.id = change.rollout;
  then.status = change.status;
  then.step = change.step;
  then.weight = static_cast<double>(change.share) * 100 / registry::wholeShare;
  then.versions = change.versions;
  then.forced = change.forced;
  then.entryIndex = change.entryIndex;
  return then;
}

}  // namespace

StandingAnswer aliasAt(Call& call, const StandingQuery& query) {
  registry::AssetKey key = readable(call, query.kind, query.name);
  registry::Pointer pointer = registry::parsePointer(query.alias);
  std::int64_t moment = momentOf(query.at, "at").value_or(nowMillis());
  return call.core.store.read([&](db::Transaction& transaction) {
    registry::Standing standing = registry::standingAt(transaction, key, pointer, moment);
    if (!standing.since && !standing.until) registry::getAsset(transaction, key);  // 404 for what never was
    StandingAnswer answer;
    answer.kind = registry::kindName(key.kind);
    answer.name = key.name;
    answer.pointer = pointer.text();
    answer.at = timeText(moment);
    answer.version = standing.number;
    if (standing.since) answer.since = movementItem(transaction, key, *standing.since);
    if (standing.until) answer.until = movementItem(transaction, key, *standing.until);
    if (auto rollout = registry::rolloutAt(transaction, key, pointer.text(), moment)) answer.rollout = thenOf(*rollout);
    if (standing.number == 0) return answer;
    if (auto version = registry::findVersion(transaction, key, standing.number)) {
      answer.digest = version->digest;
      answer.semver = optionalText(version->semver);
    }
    return answer;
  });
}

Page<AliasAnswer> listAliases(Call& call, const AliasesQuery& asked) {
  registry::AssetKey key = readable(call, asked.kind, asked.name);
  return call.core.store.read([&](db::Transaction& transaction) {
    return pageOf(
        registry::listAliases(transaction, registry::getAsset(transaction, key)), asked.pageToken, asked.pageSize,
        [](const registry::Alias& alias) { return alias.name; },
        [&](const registry::Alias& alias) {
          return AliasAnswer{alias.name,
                             alias.number,
                             optionalText(registry::semverOf(transaction, key, alias.number)),
                             registry::isProtected(transaction, key, registry::Pointer::alias(alias.name)),
                             timeText(alias.movedAt),
                             alias.movedBy};
        });
  });
}

MoveAnswer moveAlias(Call& call, const AliasMove& asked) {
  registry::AssetKey key = readable(call, asked.kind, asked.name);
  registry::checkAlias(asked.alias);
  return run(call, {.key = key,
                    .pointer = registry::Pointer::alias(asked.alias),
                    .to = numberOf(call, key, asked.version),
                    .reason = asked.reason,
                    .from = asked.from,
                    .breakGlass = asked.breakGlass.value_or(false),
                    .notBefore = momentOf(asked.notBefore, "not_before").value_or(0)});
}

MoveAnswer removeAlias(Call& call, const AliasPath& path) {
  registry::AssetKey key = readable(call, path.kind, path.name);
  registry::checkAlias(path.alias);
  bool there = call.core.store.read([&](db::Transaction& transaction) {
    return registry::findAlias(transaction, registry::getAsset(transaction, key), path.alias).has_value();
  });
  if (!there) throw error(Code::notFound, "{} has no alias '{}'", key.subject(), path.alias);
  return run(call, {.key = key, .pointer = registry::Pointer::alias(path.alias), .to = 0});
}

MoveAnswer moveStage(Call& call, const StageMove& asked) {
  registry::AssetKey key = readable(call, asked.kind, asked.name);
  return run(call, {.key = key,
                    .pointer = registry::Pointer::stage(registry::canonicalStage(asked.stage)),
                    .to = numberOf(call, key, asked.version),
                    .reason = asked.reason,
                    .archiveOthers = asked.archiveExisting.value_or(false),
                    .breakGlass = asked.breakGlass.value_or(false),
                    .notBefore = momentOf(asked.notBefore, "not_before").value_or(0)});
}

MoveAnswer rollback(Call& call, const Rollback& asked) {
  registry::AssetKey key{call.workspace, kindOf(asked.kind), asked.name};
  Gate& gate = call.core.gate;
  std::int64_t target = targetOf(call, key, asked.to);
  registry::Pointer pointer = registry::parsePointer(asked.alias);
  Gate::Outcome outcome = gate.rollback(*call.identity, key, pointer, asked.reason, target);
  return answerOf(call, {.key = key, .pointer = pointer, .to = outcome.to, .rollback = true}, outcome);
}

Page<HistoryItem> aliasHistory(Call& call, const HistoryQuery& query) {
  registry::AssetKey key = readable(call, query.kind, query.name);
  std::int64_t before = readNumberToken(query.pageToken);
  return call.core.store.read([&](db::Transaction& transaction) {
    registry::getAsset(transaction, key);
    return pointerHistoryPage(transaction, key, registry::Pointer::read(query.alias), before, rowsOf(query.pageSize));
  });
}

}  // namespace regesta::api::native
