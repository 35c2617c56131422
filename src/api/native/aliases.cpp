#include "api/native/aliases.h"

#include <algorithm>

#include "api/native/history.h"
#include "base/time.h"
#include "governance/binding.h"
#include "ledger/log.h"
#include "registry/pointer.h"
#include "registry/standing.h"

namespace regesta::api::native {

namespace {

using governance::Gate;

std::int64_t numberOf(Call& call, const registry::AssetKey& key, const RawJson& selector) {
  std::string text = selectorOf(selector, "version");
  return call.core.store.read(
      [&](db::Session& session) { return registry::resolveVersion(session, key, text).number; });
}

std::string subjectOf(const registry::AssetKey& key, std::string_view pointer) {
  return fmt::format("{}#{}", key.subject(), pointer);
}

MoveAnswer run(Call& call, const Gate::Move& move) {
  call.require(governance::Verb::read, move.key.name);
  return moveAnswer(call.core, subjectOf(move.key, move.pointer), call.core.gate.moveOrThrow(*call.identity, move));
}

}  // namespace

MoveAnswer moveAnswer(Core& core, const std::string& subject, const Gate::Outcome& outcome) {
  constexpr int patienceMillis = 500;  // entries get their index within milliseconds; an answer without one is fine too
  json::object shown = governance::outcomeJson(core.gate, outcome);
  MoveAnswer answer;
  answer.outcome = governance::outcomeName(outcome.kind);
  answer.subject = subject;
  answer.from = outcome.from;
  answer.to = outcome.to;
  answer.decision = textOrNothing(outcome.decision);
  if (outcome.entryId != 0) answer.entry = core.log.indexOf(outcome.entryId, patienceMillis);
  answer.verdict.text = writeJson(shown.at("verdict"));
  if (const json::value* request = shown.if_contains("change_request")) answer.changeRequest.text = writeJson(*request);
  return answer;
}

StandingAnswer aliasAt(Call& call, const StandingQuery& query) {
  registry::AssetKey key = readable(call, query.kind, query.name);
  std::string pointer = governance::canonicalPointer(query.alias);
  std::int64_t moment = momentOf(query.at, "at").value_or(nowMillis());
  return call.core.store.read([&](db::Session& session) {
    registry::Standing standing = registry::standingAt(session, key, pointer, moment);
    if (!standing.since && !standing.until) registry::getAsset(session, key);  // 404 for what never was
    StandingAnswer answer;
    answer.kind = registry::kindName(key.kind);
    answer.name = key.name;
    answer.pointer = pointer;
    answer.at = timeText(moment);
    answer.version = standing.number;
    if (standing.since) answer.since = movementItem(session, key, *standing.since);
    if (standing.until) answer.until = movementItem(session, key, *standing.until);
    if (standing.number == 0) return answer;
    if (auto version = registry::findVersion(session, key, standing.number)) {
      answer.digest = version->digest;
      answer.semver = textOrNothing(version->semver);
    }
    return answer;
  });
}

Page<AliasAnswer> listAliases(Call& call, const AliasesQuery& asked) {
  registry::AssetKey key = readable(call, asked.kind, asked.name);
  return call.core.store.read([&](db::Session& session) {
    return pageOf(
        registry::listAliases(session, registry::getAsset(session, key)), asked.pageToken, asked.pageSize,
        [](const registry::Alias& alias) { return alias.name; },
        [&](const registry::Alias& alias) {
          return AliasAnswer{alias.name, alias.number, registry::isProtected(session, key, alias.name),
                             timeText(alias.movedAt), alias.movedBy};
        });
  });
}

MoveAnswer moveAlias(Call& call, const AliasMove& asked) {
  registry::AssetKey key{call.workspace, kindOf(asked.kind), asked.name};
  registry::checkAlias(asked.alias);
  return run(call, {.key = key,
                    .pointer = asked.alias,
                    .to = numberOf(call, key, asked.version),
                    .reason = asked.reason,
                    .from = asked.from});
}

MoveAnswer removeAlias(Call& call, const AliasPath& path) {
  registry::AssetKey key{call.workspace, kindOf(path.kind), path.name};
  registry::checkAlias(path.alias);
  bool there = call.core.store.read([&](db::Session& session) {
    return registry::findAlias(session, registry::getAsset(session, key), path.alias).has_value();
  });
  if (!there) throw error(Code::notFound, "{} has no alias '{}'", key.subject(), path.alias);
  return run(call, {.key = key, .pointer = path.alias, .to = 0});
}

MoveAnswer moveStage(Call& call, const StageMove& asked) {
  registry::AssetKey key{call.workspace, kindOf(asked.kind), asked.name};
  return run(call, {.key = key,
                    .pointer = "stage:" + registry::canonicalStage(asked.stage),
                    .to = numberOf(call, key, asked.version),
                    .reason = asked.reason,
                    .archiveOthers = asked.archiveExisting});
}

MoveAnswer rollback(Call& call, const Rollback& asked) {
  registry::AssetKey key{call.workspace, kindOf(asked.kind), asked.name};
  Gate& gate = call.core.gate;
  Gate::Outcome outcome = gate.rollback(*call.identity, key, asked.alias, asked.reason, asked.to);
  if (outcome.kind == Gate::Outcome::Kind::refused || outcome.kind == Gate::Outcome::Kind::pending) {
    Gate::Move move{.key = key, .pointer = asked.alias, .to = outcome.to, .rollback = true};
    throw Error(Code::refused, governance::outcomeText(gate, move, outcome),
                writeJson(governance::outcomeJson(gate, outcome)));
  }
  return moveAnswer(call.core, subjectOf(key, asked.alias), outcome);
}

Page<HistoryItem> aliasHistory(Call& call, const HistoryQuery& query) {
  registry::AssetKey key = readable(call, query.kind, query.name);
  std::int64_t before = readNumberToken(query.pageToken);
  return call.core.store.read([&](db::Session& session) {
    registry::getAsset(session, key);
    return pointerHistoryPage(session, key, query.alias, before, rowsOf(query.pageSize));
  });
}

}  // namespace regesta::api::native
