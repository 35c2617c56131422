#include "api/native/rollouts.h"

#include "base/time.h"
#include "governance/gate.h"
#include "registry/pointer.h"
#include "registry/rollout/rollout.h"
#include "rollout/guard.h"

namespace regesta::api::native {

namespace {

using governance::Gate;
using registry::Rollout;

double percent(std::int64_t share) { return static_cast<double>(share) / 100; }

RolloutAnswer answerOf(const Rollout& rollout) {
  json::value plan = parseJson(registry::canonicalPlan(rollout.plan));
  auto raw = [&](std::string_view member) {
    const json::value* value = plan.as_object().if_contains(member);
    return RawJson{value ? writeJson(*value) : ""};
  };
  RolloutAnswer answer;
  answer.id = rollout.id;
  answer.prompt = rollout.key.name;
  answer.alias = rollout.alias;
  answer.status = registry::statusName(rollout.status);
  answer.stable = rollout.stable;
  answer.arms = raw("arms");
  answer.steps = raw("steps");
  answer.segments = raw("segments");
  answer.guards = raw("guards");
  answer.holdback = percent(rollout.plan.holdback);
  answer.step = rollout.step;
  answer.share = percent(rollout.share());
  answer.stepSince = timeText(rollout.stepSince);
  answer.dueAt = timeText(rollout.dueAt().value_or(0));
  answer.hold = optionalText(rollout.hold);
  if (rollout.forced != 0) answer.forced = rollout.forced;
  answer.salt = rollout.salt;
  answer.algorithm = rollout.algorithm;
  answer.decision = optionalText(rollout.decision);
  answer.reason = optionalText(rollout.reason);
  answer.startedAt = timeText(rollout.startedAt);
  answer.startedBy = rollout.startedBy;
  answer.endedAt = timeText(rollout.endedAt);
  answer.endedBy = optionalText(rollout.endedBy);
  answer.endReason = optionalText(rollout.endReason);
  answer.evidence.text = rollout.evidence;
  answer.revision = rollout.revision;
  return answer;
}

std::int64_t numberOf(db::Transaction& transaction, const registry::AssetKey& key, std::string_view selector) {
  return registry::resolveVersion(transaction, key, selector).number;
}

/// The arms as a plan has them: versions by number, whatever the caller named them by.
json::array armsOf(Call& call, const registry::AssetKey& key, const NewRollout& request) {
  if (request.version.text.empty() == request.arms.text.empty())
    throw Invalid("version", "set exactly one of \"version\" and \"arms\"");
  return call.core.store.read([&](db::Transaction& transaction) {
    if (request.arms.text.empty()) {
      std::int64_t number = numberOf(transaction, key, selectorOf(request.version, "version"));
      return json::array{json::object{{"name", "candidate"}, {"version", number}}};
    }
    json::value list = parseJson(request.arms.text);
    if (!list.is_array()) throw Invalid("arms", "must be a list");
    for (std::size_t i = 0; i < list.get_array().size(); ++i) {
      json::value& arm = list.get_array()[i];
      json::value* version = arm.is_object() ? arm.get_object().if_contains("version") : nullptr;
      if (version)
        *version = numberOf(transaction, key, selectorOf({writeJson(*version)}, fmt::format("arms[{}].version", i)));
    }
    return list.get_array();
  });
}

registry::RolloutPlan planOf(Call& call, const registry::AssetKey& key, const NewRollout& request) {
  json::object plan{{"arms", armsOf(call, key, request)}};
  auto take = [&](std::string_view member, const RawJson& raw) {
    if (!raw.text.empty()) plan[member] = parseJson(raw.text);
  };
  take("steps", request.steps);
  take("segments", request.segments);
  take("holdback", request.holdback);
  take("guards", request.guards);
  registry::RolloutPlan parsed = registry::parsePlan(writeJson(plan));
  rollout::parseGuards(parsed.guards, parsed.arms.size());
  return parsed;
}

Rollout rolloutOf(db::Transaction& transaction, const registry::AssetKey& key, std::int64_t id) {
  registry::Asset asset = registry::getAsset(transaction, key);
  std::optional<Rollout> rollout = registry::findRollout(transaction, id);
  if (!rollout || rollout->asset != asset.id) throw error(Code::notFound, "{} has no rollout {}", key.subject(), id);
  return *std::move(rollout);
}

template <class Fn>
RolloutAnswer change(Call& call, std::string_view name, std::int64_t id, Fn fn) {
  registry::AssetKey key = changeable(call, "prompt", name);
  return answerOf(call.core.store.change(
      call.actor(), [&](registry::Change& change) { return fn(change, rolloutOf(change.transaction, key, id)); }));
}

using Act = Gate::Widening::Act;

RolloutAnswer widen(Call& call, std::string_view name, const Gate::Widening& widening, const std::string& reason) {
  registry::AssetKey key = changeable(call, "prompt", name);
  return answerOf(call.core.gate.widenOrThrow(*call.identity, key, widening, reason));
}

}  // namespace

RolloutAnswer startRollout(Call& call, const NewRollout& request) {
  registry::AssetKey key = readable(call, "prompt", request.name);
  registry::checkAlias(request.alias);
  Gate::Move move{.key = key,
                  .pointer = registry::Pointer::alias(request.alias),
                  .reason = request.reason,
                  .rollout = planOf(call, key, request)};
  move.to = move.rollout->arms.front().version;
  call.core.store.read([&](db::Transaction& transaction) {
    rollout::requireCooledDown(transaction, registry::getAsset(transaction, key), request.alias, *move.rollout,
                               call.actor(), nowMillis());
  });
  Gate::Outcome outcome = call.core.gate.moveOrThrow(*call.identity, move);
  call.status = 201;
  return call.core.store.read(
      [&](db::Transaction& transaction) { return answerOf(rolloutOf(transaction, key, outcome.rollout)); });
}

Page<RolloutAnswer> listRollouts(Call& call, const RolloutQuery& query) {
  registry::AssetKey key = readable(call, "prompt", query.name);
  std::size_t wanted = rowsOf(query.pageSize);
  std::int64_t before = readNumberToken(query.pageToken);
  return call.core.store.read([&](db::Transaction& transaction) {
    registry::Asset asset = registry::getAsset(transaction, key);
    Page<RolloutAnswer> page;
    for (const Rollout& rollout : registry::listRollouts(transaction, asset, query.alias, wanted + 1, before)) {
      if (page.items.size() == wanted) {
        page.nextPageToken = makeToken(std::to_string(page.items.back().id));
        break;
      }
      page.items.push_back(answerOf(rollout));
    }
    return page;
  });
}

Page<RolloutAnswer> listActiveRollouts(Call& call, const ActiveRolloutQuery& query) {
  std::int64_t before = readNumberToken(query.pageToken);
  auto active = call.core.store.read(
      [&](db::Transaction& transaction) { return registry::activeRollouts(transaction, call.workspace, before); });
  Page<RolloutAnswer> page;
  for (const Rollout& rollout : active) {
    if (!call.identity->may(access::Verb::read, call.workspace, rollout.key.name)) continue;
    if (page.items.size() == rowsOf(query.pageSize)) {
      page.nextPageToken = makeToken(std::to_string(page.items.back().id));
      break;
    }
    page.items.push_back(answerOf(rollout));
  }
  return page;
}

RolloutAnswer getRollout(Call& call, const RolloutPath& path) {
  registry::AssetKey key = readable(call, "prompt", path.name);
  return call.core.store.read(
      [&](db::Transaction& transaction) { return answerOf(rolloutOf(transaction, key, path.id)); });
}

RolloutAnswer pauseRollout(Call& call, const RolloutAction& request) {
  return change(call, request.name, request.id, [&](registry::Change& change, const Rollout& rollout) {
    return registry::pauseRollout(change, rollout, request.reason);
  });
}

RolloutAnswer resumeRollout(Call& call, const RolloutAction& request) {
  return widen(call, request.name, {.rollout = request.id, .act = Act::resume}, request.reason);
}

RolloutAnswer advanceRollout(Call& call, const RolloutAction& request) {
  registry::AssetKey key = changeable(call, "prompt", request.name);
  Rollout now =
      call.core.store.read([&](db::Transaction& transaction) { return rolloutOf(transaction, key, request.id); });
  if (now.active() && now.lastStep()) return completeRollout(call, {request.name, request.id, "", request.reason});
  return widen(call, request.name, {.rollout = request.id, .act = Act::advance, .step = now.step + 1}, request.reason);
}

RolloutAnswer stopRollout(Call& call, const RolloutAction& request) {
  return change(call, request.name, request.id, [&](registry::Change& change, const Rollout& rollout) {
    return registry::endRollout(change, rollout, registry::RolloutStatus::stopped, request.reason);
  });
}

RolloutAnswer rollbackRollout(Call& call, const RolloutAction& request) {
  return change(call, request.name, request.id, [&](registry::Change& change, const Rollout& rollout) {
    return registry::endRollout(change, rollout, registry::RolloutStatus::rolledBack, request.reason);
  });
}

/// Back to the stable version at once; to an arm's version only as far as the gate allows.
RolloutAnswer killRollout(Call& call, const RolloutKill& request) {
  registry::AssetKey key = changeable(call, "prompt", request.name);
  Rollout now =
      call.core.store.read([&](db::Transaction& transaction) { return rolloutOf(transaction, key, request.id); });
  if (request.version != 0 && request.version != now.stable)
    return widen(call, request.name, {.rollout = request.id, .act = Act::kill, .version = request.version},
                 request.reason);
  return change(call, request.name, request.id, [&](registry::Change& change, const Rollout& rollout) {
    return registry::killRollout(change, rollout, request.reason);
  });
}

RolloutAnswer completeRollout(Call& call, const RolloutWinner& request) {
  return widen(call, request.name, {.rollout = request.id, .act = Act::complete, .arm = request.arm}, request.reason);
}

}  // namespace regesta::api::native
