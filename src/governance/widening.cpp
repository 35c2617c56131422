#include "governance/widening.h"

#include <algorithm>
#include <set>

#include "base/error.h"
#include "governance/binding.h"
#include "governance/decision.h"
#include "registry/pointer.h"

namespace regesta::governance {

namespace {

using Act = Gate::Widening::Act;

constexpr std::string_view actNames[] = {"advance", "resume", "kill", "complete"};
constexpr std::string_view described[] = {"share", "final_share"};
constexpr std::string_view beside[] = {"id", "action", "step", "version", "early", "held"};

std::int64_t lastShare(const registry::RolloutPlan& plan) {
  return std::min(plan.steps.back().share, registry::wholeShare - plan.holdback);
}

/// The share that a segment gives its keys, whatever the step, counts for the whole: anybody may be in it.
std::int64_t segmentShare(const registry::RolloutPlan& plan) {
  std::int64_t most = 0;
  for (const registry::RolloutSegment& segment : plan.segments)
    most = std::max(most, segment.serve.empty() ? segment.share : segment.serve == "stable" ? 0 : registry::wholeShare);
  return most;
}

double percent(std::int64_t share) { return static_cast<double>(share) / 100; }

/// Everybody gets the one arm there is at the plan's last step, whatever segment they are in.
bool endsWithEverybody(const registry::RolloutPlan& plan) {
  bool segments = std::ranges::all_of(plan.segments, [](const registry::RolloutSegment& segment) {
    return segment.serve.empty() ? segment.share == registry::wholeShare : segment.serve != "stable";
  });
  return plan.arms.size() == 1 && segments && lastShare(plan) == registry::wholeShare;
}

/// Subjects of the policies that a stored decision evaluated, without their versions; empty if it allowed nothing.
std::set<std::string> policiesAsked(db::Transaction& transaction, std::string_view digest) {
  std::set<std::string> subjects;
  auto decision = findDecision(transaction, digest);
  if (!decision || decision->result != DecisionResult::allowed) return subjects;
  json::value body = parseJson(decision->body);
  for (const json::value& evaluation : body.at("evaluations").as_array()) {
    std::string subject = memberText(evaluation.as_object(), "policy");
    subjects.insert(subject.substr(0, subject.rfind('@')));
  }
  return subjects;
}

bool everyPolicyWasAsked(db::Transaction& transaction, const registry::Rollout& rollout) {
  std::set<std::string> asked = policiesAsked(transaction, rollout.decision);
  return std::ranges::all_of(bindingsOn(transaction, rollout.key, registry::Pointer::alias(rollout.alias)),
                             [&](const Binding& binding) { return asked.contains(binding.policySubject()); });
}

/// The step has baked as planned, and no guard holds it. With guards a step that has a
/// bake time ends automatically as soon as they let it; who ends it then ends it before. A step without one waits for a
/// person.
bool hasBaked(const registry::Rollout& rollout, std::int64_t now) {
  if (!rollout.hold.empty()) return false;
  std::int64_t bake = rollout.plan.steps[static_cast<std::size_t>(rollout.step)].bakeMillis;
  if (bake == registry::manualStep) return true;
  if (!rollout.plan.guards.empty() && rollout.dueAt()) return false;
  bool running = rollout.status == registry::RolloutStatus::running;
  return rollout.baked + (running ? now - rollout.stepSince : 0) >= bake;
}

/// Behind the present step there is none that would have taken time, or that a guard would have looked at.
bool nothingIsSkipped(const registry::Rollout& rollout) {
  if (rollout.lastStep()) return true;
  auto later = rollout.plan.steps.begin() + rollout.step + 1;
  return rollout.plan.guards.empty() && std::all_of(later, rollout.plan.steps.end(), [](const auto& step) {
           return step.bakeMillis == registry::manualStep || step.bakeMillis == 0;
         });
}

bool staysWithinPlan(const registry::Rollout& rollout, const Gate::Widening& widening, std::int64_t version,
                     bool baked) {
  switch (widening.act) {
    case Act::advance:
      return baked;
    case Act::resume:
      return rollout.hold.empty();  // to a share of the plan; what a guard holds, the gate lets go
    case Act::kill:
      return rollout.forced == version || (rollout.lastStep() && endsWithEverybody(rollout.plan));
    case Act::complete:
      return rollout.forced == version || (endsWithEverybody(rollout.plan) && baked && nothingIsSkipped(rollout));
  }
  return false;
}

}  // namespace

std::string wideningPlan(const registry::Rollout& rollout, const Gate::Widening& widening, std::int64_t now) {
  json::object plan = registry::planJson(rollout.plan);
  plan["id"] = rollout.id;
  plan["action"] = actNames[static_cast<std::size_t>(widening.act)];
  if (widening.step >= 0) plan["step"] = widening.step;
  if (widening.version != 0) plan["version"] = widening.version;
  bool goesOn = widening.act == Act::advance || widening.act == Act::complete;
  if (goesOn && !(hasBaked(rollout, now) && (widening.act == Act::advance || nothingIsSkipped(rollout))))
    plan["early"] = true;
  if (!rollout.hold.empty()) plan["held"] = rollout.hold;
  return canonicalJson(plan);
}

std::optional<Gate::Widening> readWidening(std::string_view plan) {
  if (plan.empty()) return std::nullopt;
  json::value parsed = parseJson(plan);
  const json::object& object = parsed.as_object();
  auto act = std::ranges::find(actNames, memberText(object, "action"));
  if (act == std::end(actNames)) return std::nullopt;
  return Gate::Widening{.rollout = memberInteger(object, "id"),
                        .act = static_cast<Act>(act - std::begin(actNames)),
                        .version = memberInteger(object, "version"),
                        .step = object.contains("step") ? memberInteger(object, "step") : -1};
}

registry::RolloutPlan readPlan(std::string_view plan) {
  json::value parsed = parseJson(plan);
  for (std::string_view member : beside) parsed.as_object().erase(member);
  return registry::planOf(parsed);
}

void describePlan(json::object& input, std::string_view text) {
  if (text.empty()) return;
  json::value parsed = parseJson(text);
  json::object object = parsed.as_object();
  std::optional<Gate::Widening> widening = readWidening(text);
  if (widening && (widening->act == Act::kill || widening->act == Act::complete)) {
    input["widening"] = json::object{{"id", widening->rollout},
                                     {"action", actNames[static_cast<std::size_t>(widening->act)]},
                                     {"share", 100},
                                     {"early", object.contains("early")}};
    return;
  }
  registry::RolloutPlan plan = readPlan(text);
  std::int64_t most = lastShare(plan), share = std::min(plan.steps.front().share, most);
  if (!widening) object["action"] = "start";
  if (widening && widening->step >= 0) {
    auto step = static_cast<std::size_t>(widening->step);
    share = std::min(plan.steps.at(std::min(step, plan.steps.size() - 1)).share, most);
  }
  object["share"] = percent(std::max(share, segmentShare(plan)));
  object["final_share"] = percent(std::max(most, segmentShare(plan)));
  input["rollout"] = std::move(object);
}

bool decidesShare(const json::object& decision, std::int64_t share) {
  const json::array& inputs = memberArray(decision, "inputs");
  if (inputs.empty() || !inputs[0].is_object()) return false;
  const json::object& input = inputs[0].get_object();
  if (memberObject(input, "rollout").empty()) return true;
  json::object plan = memberObject(input, "rollout");
  for (std::string_view member : described) plan.erase(member);
  for (std::string_view member : beside) plan.erase(member);
  registry::RolloutPlan decided = registry::planOf(plan);
  return share == everybody ? endsWithEverybody(decided) : share <= std::max(lastShare(decided), segmentShare(decided));
}

Widened findWidened(db::Transaction& transaction, const registry::Asset& asset, const Gate::Widening& widening) {
  std::optional<registry::Rollout> rollout = registry::findRollout(transaction, widening.rollout);
  if (!rollout || rollout->asset != asset.id)
    throw error(Code::notFound, "{} has no rollout {}", asset.key.subject(), widening.rollout);
  if (!rollout->active())
    throw error(Code::invalidState, "rollout {} of {} has already been {}", rollout->id, rollout->subject(),
                registry::pastParticiple(rollout->status));
  const auto& arms = rollout->plan.arms;
  std::int64_t step = rollout->step + (widening.act == Act::advance ? 1 : 0);
  if (widening.step >= 0 && widening.step != step)
    throw error(Code::conflict, "rollout {} of {} is now at step {}; review it again", rollout->id, rollout->subject(),
                rollout->step);
  if (widening.act == Act::advance && rollout->lastStep())
    throw error(Code::invalidState, "rollout {} of {} is at its last step: complete it", rollout->id,
                rollout->subject());
  if (widening.act == Act::advance || widening.act == Act::resume) return {*rollout, arms.front().version};
  if (widening.version != 0) {
    if (std::ranges::find(arms, widening.version, &registry::RolloutArm::version) == arms.end())
      throw Invalid("version", fmt::format("must be the stable version {} or an arm of the rollout", rollout->stable));
    return {*rollout, widening.version};
  }
  if (widening.arm.empty() && arms.size() > 1)
    throw error(Code::invalidState, "rollout {} has {} arms: say which one wins", rollout->id, arms.size());
  const registry::RolloutArm* winner = widening.arm.empty() ? &arms.front() : rollout->plan.arm(widening.arm);
  if (!winner) throw Invalid("arm", fmt::format("must be an arm of rollout {}", rollout->id));
  return {*rollout, winner->version};
}

bool isDecided(db::Transaction& transaction, const registry::Rollout& rollout, const Gate::Widening& widening,
               std::int64_t version, std::optional<std::int64_t> now) {
  if (!registry::isProtected(transaction, rollout.key, registry::Pointer::alias(rollout.alias))) return true;
  return !rollout.decision.empty() && everyPolicyWasAsked(transaction, rollout) &&
         staysWithinPlan(rollout, widening, version, !now || hasBaked(rollout, *now));
}

}  // namespace regesta::governance
