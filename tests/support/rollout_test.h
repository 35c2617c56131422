#pragma once
#include "governance/gate.h"
#include "policy/engine.h"
#include "registry/pointer.h"
#include "registry/rollout/rollout.h"
#include "support/prompt_test.h"

namespace regesta {

/// A prompt with three versions, "production" on the first. No alias has a policy, so no policy worker is used.
class RolloutTest : public PromptTest {
 protected:
  void SetUp() override {
    PromptTest::SetUp();
    prompt_ = makePrompt("summary", {"one {{x}}", "two {{x}}", "three {{x}}"});
    engine_ = std::make_unique<policy::Engine>(policy::Options{.workers = 1, .program = "/bin/false"});
    gate_ = std::make_unique<governance::Gate>(*store_, *engine_, governance::Gate::Options{.publicUrl = ""});
    move(1);
  }
  void TearDown() override {
    gate_.reset();
    engine_.reset();
    PromptTest::TearDown();
  }
  void move(std::int64_t to) {
    gate_->move(me_, {.key = prompt_.key, .pointer = registry::Pointer::alias("production"), .to = to});
  }
  registry::Rollout start(std::string_view plan) {
    registry::RolloutPlan parsed = registry::parsePlan(plan);
    governance::Gate::Move move{
        .key = prompt_.key, .pointer = registry::Pointer::alias("production"), .to = parsed.arms.front().version};
    move.rollout = parsed;
    return now(gate_->move(me_, move).rollout);
  }
  registry::Rollout now(std::int64_t id) {
    return read([&](db::Transaction& transaction) { return registry::findRollout(transaction, id).value(); });
  }

  const access::Identity me_{{"user:anna"}, {{"admin", "*", "*"}}, false};
  registry::Asset prompt_;
  std::unique_ptr<policy::Engine> engine_;
  std::unique_ptr<governance::Gate> gate_;
};

}  // namespace regesta
