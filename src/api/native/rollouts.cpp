#include "api/native/rollouts.h"

#include "base/time.h"
#include "delivery/guard.h"
#include "governance/gate.h"
#include "registry/pointer.h"
#include "registry/rollout.h"

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
  answer.hold = textOrNothing(rollout.hold);
  if (rollout.forced != 0) answer.forced = rollout.forced;
  answer.salt = rollout.salt;
  answer.algorithm = rollout.algorithm;
  answer.decision = textOrNothing(rollout.decision);
  answer.reason = textOrNothing(rollout.reason);
  answer.startedAt = timeText(rollout.startedAt);
  answer.startedBy = rollout.startedBy;
  answer.endedAt = timeText(rollout.endedAt);
  answer.endedBy = textOrNothing(rollout.endedBy);
  answer.endReason = textOrNothing(rollout.endReason);
  answer.evidence.text = rollout.evidence;
  answer.revision = rollout.revision;
  return answer;
}

std::int64_t numberOf(db::Session& session, const registry::AssetKey& key, std::string_view selector) {
  return registry::resolveVersion(session, key, selector).number;
}

/// The arms as a plan has them: versions by number, whatever the caller named them by.
json::array armsOf(Call& call, const registry::AssetKey& key, const NewRollout& asked) {
  if (asked.version.text.empty() == asked.arms.text.empty())
    throw Invalid("version", "or \"arms\" is required, and not both");
  return call.core.store.read([&](db::Session& session) {
    if (asked.arms.text.empty()) {
      std::int64_t number = numberOf(session, key, selectorOf(asked.version, "version"));
      return json::array{json::object{{"name", "candidate"}, {"version", number}}};
    }
    json::value list = parseJson(asked.arms.text);
    if (!list.is_array()) throw Invalid("arms", "must be a list");
    for (std::size_t i = 0; i < list.get_array().size(); ++i) {
      json::value& arm = list.get_array()[i];
      json::value* version = arm.is_object() ? arm.get_object().if_contains("version") : nullptr;
      if (version)
        *version = numberOf(session, key, selectorOf({writeJson(*version)}, fmt::format("arms[{}].version", i)));
    }
    return list.get_array();
  });
}

registry::RolloutPlan planOf(Call& call, const registry::AssetKey& key, const NewRollout& asked) {
  json::object plan{{"arms", armsOf(call, key, asked)}};
  auto take = [&](std::string_view member, const RawJson& raw) {
    if (!raw.text.empty()) plan[member] = parseJson(raw.text);
  };
  take("steps", asked.steps);
  take("segments", asked.segments);
  take("holdback", asked.holdback);
  take("guards", asked.guards);
  registry::RolloutPlan parsed = registry::parsePlan(writeJson(plan));
  delivery::parseGuards(parsed.guards, parsed.arms.size());
  return parsed;
}

Rollout rolloutOf(db::Session& session, const registry::AssetKey& key, std::int64_t id) {
  registry::Asset asset = registry::getAsset(session, key);
  std::optional<Rollout> rollout = registry::findRollout(session, id);
  if (!rollout || rollout->asset != asset.id) throw error(Code::notFound, "{} has no rollout {}", key.subject(), id);
  return *std::move(rollout);
}

template <class Fn>
RolloutAnswer change(Call& call, std::string_view name, std::int64_t id, Fn fn) {
  registry::AssetKey key = changeable(call, "prompt", name);
  return answerOf(call.core.store.change(
      call.actor(), [&](registry::Change& change) { return fn(change, rolloutOf(change.session, key, id)); }));
}

}  // namespace

RolloutAnswer startRollout(Call& call, const NewRollout& asked) {
  registry::AssetKey key = readable(call, "prompt", asked.name);
  registry::checkAlias(asked.alias);
  Gate::Move move{.key = key, .pointer = asked.alias, .reason = asked.reason, .rollout = planOf(call, key, asked)};
  move.to = move.rollout->arms.front().version;
  call.core.store.read([&](db::Session& session) {
    delivery::requireCooledDown(session, registry::getAsset(session, key), asked.alias, *move.rollout, call.actor(),
                                nowMillis());
  });
  Gate::Outcome outcome = call.core.gate.moveOrThrow(*call.identity, move);
  call.status = 201;
  return call.core.store.read([&](db::Session& session) { return answerOf(rolloutOf(session, key, outcome.rollout)); });
}

Page<RolloutAnswer> listRollouts(Call& call, const RolloutQuery& query) {
  registry::AssetKey key = readable(call, "prompt", query.name);
  std::size_t wanted = rowsOf(query.pageSize);
  std::int64_t before = readNumberToken(query.pageToken);
  return call.core.store.read([&](db::Session& session) {
    registry::Asset asset = registry::getAsset(session, key);
    Page<RolloutAnswer> page;
    for (const Rollout& rollout : registry::listRollouts(session, asset, query.alias, wanted + 1, before)) {
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
      [&](db::Session& session) { return registry::activeRollouts(session, call.workspace, before); });
  Page<RolloutAnswer> page;
  for (const Rollout& rollout : active) {
    if (!call.identity->may(governance::Verb::read, call.workspace, rollout.key.name)) continue;
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
  return call.core.store.read([&](db::Session& session) { return answerOf(rolloutOf(session, key, path.id)); });
}

RolloutAnswer pauseRollout(Call& call, const RolloutDeed& asked) {
  return change(call, asked.name, asked.id, [&](registry::Change& change, const Rollout& rollout) {
    return registry::pauseRollout(change, rollout, asked.reason);
  });
}

RolloutAnswer resumeRollout(Call& call, const RolloutDeed& asked) {
  return change(call, asked.name, asked.id, [&](registry::Change& change, const Rollout& rollout) {
    return registry::resumeRollout(change, rollout);
  });
}

RolloutAnswer advanceRollout(Call& call, const RolloutDeed& asked) {
  registry::AssetKey key = changeable(call, "prompt", asked.name);
  Rollout now = call.core.store.read([&](db::Session& session) { return rolloutOf(session, key, asked.id); });
  if (now.active() && now.lastStep()) return completeRollout(call, {asked.name, asked.id, ""});
  return change(call, asked.name, asked.id, [&](registry::Change& change, const Rollout& rollout) {
    return registry::stepRollout(change, rollout, now.step + 1);
  });
}

RolloutAnswer stopRollout(Call& call, const RolloutDeed& asked) {
  return change(call, asked.name, asked.id, [&](registry::Change& change, const Rollout& rollout) {
    return registry::endRollout(change, rollout, registry::RolloutStatus::stopped, asked.reason);
  });
}

RolloutAnswer rollbackRollout(Call& call, const RolloutDeed& asked) {
  return change(call, asked.name, asked.id, [&](registry::Change& change, const Rollout& rollout) {
    return registry::endRollout(change, rollout, registry::RolloutStatus::rolledBack, asked.reason);
  });
}

RolloutAnswer killRollout(Call& call, const RolloutKill& asked) {
  return change(call, asked.name, asked.id, [&](registry::Change& change, const Rollout& rollout) {
    return registry::forceRollout(change, rollout, asked.version != 0 ? asked.version : rollout.stable, asked.reason);
  });
}

RolloutAnswer completeRollout(Call& call, const RolloutWinner& asked) {
  registry::AssetKey key = changeable(call, "prompt", asked.name);
  call.core.store.read([&](db::Session& session) { rolloutOf(session, key, asked.id); });
  return answerOf(call.core.gate.completeRollout(call.actor(), asked.id, asked.arm));
}

}  // namespace regesta::api::native
