#include "rollout/stepper.h"

#include <algorithm>

#include "base/error.h"
#include "base/log.h"
#include "base/repeater.h"
#include "base/time.h"
#include "governance/gate.h"
#include "rollout/guard.h"

namespace regesta::rollout {
namespace {

const registry::Actor stepActor = registry::Actor::system("rollout");
constexpr Repeater::Pause longestPause{1000};  // another server may have started a rollout
constexpr Repeater::Pause shortestPause{10};

}  // namespace

struct Stepper::State {
  State(registry::Store& store, governance::Gate& gate, std::function<Repeater::Pause()> round)
      : store(store), gate(gate), repeater("rollouts could not be checked", longestPause, std::move(round)) {}
  registry::Store& store;
  governance::Gate& gate;
  std::int64_t nextDue = 0;  // touched by the one who calls round()
  Repeater repeater;
};

Stepper::Stepper(registry::Store& store, governance::Gate& gate)
    : state_(std::make_unique<State>(store, gate, [this] {
        round(nowMillis());
        return std::clamp(Repeater::Pause(state_->nextDue - nowMillis()), shortestPause, longestPause);
      })) {}
Stepper::~Stepper() { stop(); }

void Stepper::start() { state_->repeater.start(); }
void Stepper::stop() { state_->repeater.stop(); }

bool Stepper::advance(const registry::Rollout& rollout) {
  State& state = *state_;
  try {
    if (rollout.lastStep())
      state.gate.completeRollout(stepActor, rollout.id);
    else
      state.gate.stepRollout(stepActor, rollout);
    return true;
  } catch (const Error& error) {
    if (error.code == Code::conflict || error.code == Code::invalidState) return false;  // another server was faster
    if (error.code != Code::refused) throw;
    state.store.change(stepActor,
                       [&](registry::Change& change) { registry::holdRollout(change, rollout, error.message); });
    return false;
  }
}

/// Whether the step that has baked at `due` may end at `now`, as the guards see it.
bool Stepper::mayEnd(const registry::Rollout& rollout, std::int64_t due, std::int64_t now) {
  State& state = *state_;
  Advice advice = state.store.read([&](db::Transaction& transaction) { return adviceFor(transaction, rollout, now); });
  if (due > now && !advice.early) {
    state.nextDue = std::min(state.nextDue, due);
    return false;
  }
  if (advice.pause)
    state.store.change(stepActor, [&](registry::Change& change) {
      registry::pauseRollout(change, rollout, fmt::format("held for too long: {}", advice.hold));
    });
  return advice.hold.empty();
}

std::size_t Stepper::round(std::int64_t now) {
  std::size_t advanced = 0;
  state_->nextDue = now + longestPause.count();
  std::vector<registry::Rollout> running =
      state_->store.read([](db::Transaction& transaction) { return registry::runningRollouts(transaction); });
  for (const registry::Rollout& rollout : running) {
    std::optional<std::int64_t> due = rollout.dueAt();
    if (!due) continue;
    try {
      if (mayEnd(rollout, *due, now) && advance(rollout)) ++advanced;
    } catch (const std::exception& error) {
      log(LogLevel::warn, "a rollout did not go on", {{"rollout", rollout.id}, {"error", error.what()}});
    }
  }
  if (advanced > 0) state_->nextDue = now;  // the next step may be due at once
  return advanced;
}

}  // namespace regesta::rollout
