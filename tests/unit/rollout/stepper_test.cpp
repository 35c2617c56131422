#include "rollout/stepper.h"

#include <thread>

#include "base/time.h"
#include "support/rollout_test.h"

namespace regesta::rollout {
namespace {

class StepperTest : public regesta::RolloutTest {};
REGESTA_ON_BOTH(StepperTest);

constexpr std::string_view twoSteps =
    R"({"arms":[{"name":"candidate","version":2}],"steps":[{"weight":10,"bake_seconds":60},{"weight":100,"bake_seconds":60}]})";

TEST_P(StepperTest, takesTheNextStepWhenThisOneHasBaked) {
  Stepper stepper(*store_, *gate_);
  std::int64_t id = start(twoSteps).id, began = now(id).startedAt;
  EXPECT_EQ(stepper.round(began + 59'000), 0U);
  EXPECT_EQ(stepper.round(began + 60'001), 1U);
  EXPECT_EQ(now(id).step, 1);
  EXPECT_EQ(stepper.round(began + 59'999), 0U);  // the new step bakes from now on
  EXPECT_EQ(stepper.round(nowMillis() + 61'000), 1U);
  EXPECT_EQ(now(id).status, registry::RolloutStatus::completed);
  EXPECT_EQ(now(id).endedBy, "system:rollout");
  EXPECT_EQ(read([&](db::Transaction& transaction) {
              return registry::holderOf(transaction, prompt_, registry::Pointer::alias("production"));
            }),
            2);
}

TEST_P(StepperTest, leavesAloneWhatIsPausedHeldOrWaitsForAPerson) {
  Stepper stepper(*store_, *gate_);
  std::int64_t id = start(twoSteps).id, late = nowMillis() + 1'000'000;
  change([&](registry::Change& c) { registry::holdRollout(c, now(id), "no reports yet"); });
  EXPECT_EQ(stepper.round(late), 0U);
  change([&](registry::Change& c) { registry::holdRollout(c, now(id), ""); });
  change([&](registry::Change& c) { registry::pauseRollout(c, now(id), ""); });
  EXPECT_EQ(stepper.round(late), 0U);
  change([&](registry::Change& c) { registry::endRollout(c, now(id), registry::RolloutStatus::stopped, ""); });
  EXPECT_EQ(stepper.round(late), 0U);
  start(R"({"arms":[{"name":"candidate","version":2}],"steps":[{"weight":10},{"weight":100,"bake_seconds":0}]})");
  EXPECT_EQ(stepper.round(late), 0U);
}

TEST_P(StepperTest, onlyAPersonEndsATestOfSeveralOrOfAPart) {
  Stepper stepper(*store_, *gate_);
  std::int64_t late = nowMillis() + 1'000'000;
  std::int64_t id = start(R"({"arms":[{"name":"a","version":2},{"name":"b","version":3}],
      "steps":[{"weight":100,"bake_seconds":0}]})")
                        .id;
  EXPECT_EQ(stepper.round(late), 0U);
  change([&](registry::Change& c) { registry::endRollout(c, now(id), registry::RolloutStatus::stopped, ""); });
  start(R"({"arms":[{"name":"candidate","version":2}],"steps":[{"weight":50,"bake_seconds":0}]})");
  EXPECT_EQ(stepper.round(late), 0U);
}

TEST_P(StepperTest, twoOfThemStepOnce) {
  Stepper one(*store_, *gate_), other(*store_, *gate_);
  // The second step bakes so long that it cannot be due as well, however soon after the start the first one was taken.
  std::int64_t id = start(R"({"arms":[{"name":"candidate","version":2}],
      "steps":[{"weight":10,"bake_seconds":60},{"weight":100,"bake_seconds":600}]})")
                        .id,
               late = now(id).startedAt + 60'001;
  std::size_t stepped = 0;
  std::thread racing([&] { stepped = other.round(late); });
  std::size_t here = one.round(late);
  racing.join();
  EXPECT_EQ(here + stepped, 1U);
  EXPECT_EQ(now(id).step, 1);
  EXPECT_EQ(now(id).revision, 1);
}

TEST_P(StepperTest, anAliasThatBecameProtectedHoldsTheRollout) {
  Stepper stepper(*store_, *gate_);
  std::int64_t id =
      start(R"({"arms":[{"name":"candidate","version":2}],"steps":[{"weight":100,"bake_seconds":0}]})").id;
  store_->database().write([&](db::Transaction& transaction) {
    transaction.run(
        "INSERT INTO binding (workspace, kind, name_pattern, pointer, policy, policy_selector, created_at, created_by) "
        "VALUES ('default', 'prompt', '*', 'production', 'gate', 'latest', 0, 'user:root')");
  });
  EXPECT_EQ(stepper.round(nowMillis() + 1000), 0U);
  EXPECT_NE(now(id).hold.find("became protected"), std::string::npos);
  EXPECT_EQ(stepper.round(nowMillis() + 1000), 0U);
}

}  // namespace
}  // namespace regesta::rollout
