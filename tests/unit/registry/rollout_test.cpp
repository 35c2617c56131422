#include "registry/rollout/rollout.h"

#include "support/registry_test.h"

namespace regesta::registry {
namespace {

class RolloutTest : public RegistryTest {
 protected:
  void SetUp() override {
    RegistryTest::SetUp();
    prompt_ = make("summary");
    for (int i = 0; i < 4; ++i) add(prompt_, "s3://bucket/" + std::to_string(i));
    point(prompt_, "production", 1);
  }
  RolloutPlan plan(std::string_view text = R"({"arms":[{"name":"candidate","version":2}],
      "steps":[{"weight":10,"bake_seconds":60},{"weight":50,"bake_seconds":60},{"weight":100,"bake_seconds":60}]})") {
    return parsePlan(text);
  }
  Rollout start(const RolloutPlan& plan, std::int64_t from = 1) {
    return change([&](Change& c) {
      return startRollout(c, prompt_, plan,
                          ClearanceIssuer::move(Pointer::alias("production"), from, plan.arms.front().version),
                          "why not");
    });
  }
  Rollout now(const Rollout& rollout) {
    return read([&](db::Transaction& transaction) { return findRollout(transaction, rollout.id).value(); });
  }
  std::int64_t standsOn() {
    return read(
        [&](db::Transaction& transaction) { return holderOf(transaction, prompt_, Pointer::alias("production")); });
  }
  Asset prompt_;
};

TEST_P(RolloutTest, standsBesideTheAliasUntilItCompletes) {
  Rollout started = start(plan());
  EXPECT_EQ(started.stable, 1);
  EXPECT_EQ(started.share(), 1000);
  EXPECT_EQ(standsOn(), 1);
  Rollout running =
      read([&](db::Transaction& transaction) { return runningRollout(transaction, prompt_, "production").value(); });
  EXPECT_EQ(running.id, started.id);
  EXPECT_EQ(running.salt, started.salt);
  EXPECT_EQ(running.algorithm, bucketingFlagd);
  EXPECT_EQ(running.dueAt(), running.startedAt + 60'000);

  change(
      [&](Change& c) { completeRollout(c, now(started), ClearanceIssuer::move(Pointer::alias("production"), 1, 2)); });
  EXPECT_EQ(standsOn(), 2);
  EXPECT_EQ(now(started).status, RolloutStatus::completed);
  EXPECT_FALSE(read([&](db::Transaction& transaction) { return runningRollout(transaction, prompt_, "production"); }));
}

TEST_P(RolloutTest, everyDeedIsAnEntryAboutTheAlias) {
  Rollout rollout = start(plan());
  rollout = change([&](Change& c) { return stepRollout(c, rollout, 1, ClearanceIssuer::widen()); });
  rollout = change([&](Change& c) { return holdRollout(c, rollout, "no data"); });
  EXPECT_FALSE(now(rollout).dueAt());
  rollout = change([&](Change& c) { return holdRollout(c, rollout, ""); });
  rollout = change([&](Change& c) { return pauseRollout(c, rollout, "lunch"); });
  rollout = change([&](Change& c) { return resumeRollout(c, rollout, ClearanceIssuer::widen()); });
  rollout = change([&](Change& c) { return killRollout(c, rollout, "fire"); });
  EXPECT_EQ(now(rollout).forced, 1);
  rollout = change([&](Change& c) { return resumeRollout(c, rollout, ClearanceIssuer::widen()); });
  rollout =
      change([&](Change& c) { return endRollout(c, rollout, RolloutStatus::rolledBack, "worse", {{"e", 23.5}}); });
  EXPECT_EQ(now(rollout).status, RolloutStatus::rolledBack);
  EXPECT_EQ(now(rollout).evidence, R"({"e":23.5})");
  EXPECT_EQ(standsOn(), 1);
  std::vector<std::string> all = actions();
  std::erase_if(all, [](const std::string& action) { return !action.starts_with("rollout."); });
  EXPECT_EQ(all, (std::vector<std::string>{"rollout.started", "rollout.stepped", "rollout.held", "rollout.released",
                                           "rollout.paused", "rollout.resumed", "rollout.killed", "rollout.resumed",
                                           "rollout.rolled-back"}));
}

TEST_P(RolloutTest, whoReadAnOldStateChangesNothing) {
  Rollout read = start(plan());
  change([&](Change& c) { stepRollout(c, read, 1, ClearanceIssuer::widen()); });
  thrown(Code::conflict, [&] { change([&](Change& c) { stepRollout(c, read, 1, ClearanceIssuer::widen()); }); });
  thrown(Code::conflict, [&] { change([&](Change& c) { endRollout(c, read, RolloutStatus::stopped, ""); }); });
  EXPECT_EQ(now(read).step, 1);
  EXPECT_EQ(now(read).revision, 1);
}

TEST_P(RolloutTest, anEndedOneStaysEnded) {
  Rollout rollout = start(plan());
  rollout = change([&](Change& c) { return endRollout(c, rollout, RolloutStatus::stopped, "enough"); });
  thrown(Code::invalidState, [&] { change([&](Change& c) { resumeRollout(c, rollout, ClearanceIssuer::widen()); }); });
  thrown(Code::invalidState, [&] { change([&](Change& c) { stepRollout(c, rollout, 2, ClearanceIssuer::widen()); }); });
  EXPECT_EQ(now(start(plan())).status, RolloutStatus::running);  // and another may start
}

TEST_P(RolloutTest, bakingPausesWithIt) {
  Rollout rollout = start(plan());
  store_->database().write(
      [&](db::Transaction& transaction) { transaction.run("UPDATE rollout SET step_since = step_since - 40000"); });
  rollout = change([&](Change& c) { return pauseRollout(c, now(rollout), ""); });
  EXPECT_GE(rollout.baked, 40'000);
  EXPECT_FALSE(rollout.dueAt());
  rollout = change([&](Change& c) { return resumeRollout(c, rollout, ClearanceIssuer::widen()); });
  EXPECT_LE(*rollout.dueAt(), rollout.stepSince + 20'000);
  EXPECT_GT(*rollout.dueAt(), rollout.stepSince + 15'000);
}

TEST_P(RolloutTest, movingTheAliasOtherwiseStopsIt) {
  Rollout rollout = start(plan());
  point(prompt_, "production", 3);
  EXPECT_EQ(now(rollout).status, RolloutStatus::stopped);
  EXPECT_EQ(now(rollout).endReason, "the alias was moved");
  EXPECT_EQ(standsOn(), 3);
}

TEST_P(RolloutTest, whatItServesIsNotDeleted) {
  Rollout rollout = start(plan());
  for (std::int64_t number : {1, 2})
    thrown(Code::refused, [&] {
      change([&](Change& c) {
        deleteVersion(c, getVersion(c.transaction, prompt_.key, number), ClearanceIssuer::remove(true));
      });
    });
  change(
      [&](Change& c) { deleteVersion(c, getVersion(c.transaction, prompt_.key, 3), ClearanceIssuer::remove(true)); });
  change([&](Change& c) { endRollout(c, now(rollout), RolloutStatus::stopped, ""); });
  change(
      [&](Change& c) { deleteVersion(c, getVersion(c.transaction, prompt_.key, 2), ClearanceIssuer::remove(true)); });
}

TEST_P(RolloutTest, doesNotStartWhereItCannot) {
  auto refused = [&](Code code, std::string_view text, std::int64_t from, std::string alias = "production") {
    RolloutPlan asked = plan(text);
    thrown(code, [&] {
      change([&](Change& c) {
        startRollout(c, prompt_, asked, ClearanceIssuer::move(Pointer::alias(alias), from, asked.arms.front().version),
                     "");
      });
    });
  };
  refused(Code::invalidState, R"({"arms":[{"name":"c","version":1}]})", 1);
  refused(Code::notFound, R"({"arms":[{"name":"c","version":9}]})", 1);
  refused(Code::invalidState, R"({"arms":[{"name":"c","version":2},{"name":"d","version":1}]})", 1);
  refused(Code::conflict, R"({"arms":[{"name":"c","version":2}]})", 3);
  refused(Code::invalidState, R"({"arms":[{"name":"c","version":2}]})", 0, "canary");
  start(plan());
  refused(Code::invalidState, R"({"arms":[{"name":"c","version":3}]})", 1);
  EXPECT_EQ(count("rollout"), 1);
}

TEST_P(RolloutTest, killingServesOnlyWhatTheGateHasSeen) {
  Rollout rollout = start(plan());
  thrown(Code::invalid, [&] { change([&](Change& c) { forceRollout(c, rollout, 3, "", ClearanceIssuer::widen()); }); });
}

REGESTA_ON_BOTH(RolloutTest);

}  // namespace
}  // namespace regesta::registry
