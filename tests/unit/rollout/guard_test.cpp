#include "rollout/guard.h"

#include "base/time.h"
#include "quality/report.h"
#include "registry/pointer.h"
#include "support/prompt_test.h"

namespace regesta::rollout {
namespace {

using registry::Rollout;
using registry::RolloutStatus;

/// Version 1 is stable, version 2 the candidate.
class GuardTest : public PromptTest {
 protected:
  Rollout start(const std::string& guards, const std::string& steps = R"([{"weight":50}])") {
    asset_ = makePrompt("greeting", {"Hi", "Hello", "Good day"});
    return change([&](registry::Change& c) {
      registry::moveAlias(c, asset_, registry::ClearanceIssuer::move(registry::Pointer::alias("production"), 0, 1));
      return registry::startRollout(c, asset_, plan(guards, steps),
                                    registry::ClearanceIssuer::move(registry::Pointer::alias("production"), 1, 2), "");
    });
  }
  static registry::RolloutPlan plan(const std::string& guards, const std::string& steps) {
    return registry::parsePlan(
        fmt::format(R"({{"arms":[{{"name":"candidate","version":2}}],"steps":{},"guards":{}}})", steps, guards));
  }
  Rollout now(std::int64_t id = 1) {
    return read([&](db::Transaction& transaction) { return *registry::findRollout(transaction, id); });
  }
  GuardView view(std::int64_t id = 1) {
    return read([&](db::Transaction& transaction) {
      return viewGuards(transaction, *registry::findRollout(transaction, id)).at(0);
    });
  }
  Advice advice(std::int64_t at = nowMillis()) {
    return read([&](db::Transaction& transaction) {
      return adviceFor(transaction, *registry::findRollout(transaction, 1), at);
    });
  }
  quality::ReportOutcome send(std::int64_t version, double value, std::string unit = {}, std::int64_t at = 0) {
    return quality::report(*store_, author_, workspace_,
                           {{.prompt = "greeting",
                             .version = version,
                             .metric = "score",
                             .value = value,
                             .unit = std::move(unit),
                             .at = at}})[0];
  }
  /// `count` reports of both, alternating, in one batch.
  void sendPairs(int count, double stable, double candidate) {
    std::vector<quality::Report> reports;
    for (int i = 0; i < count; ++i)
      for (auto [version, value] : {std::pair<std::int64_t, double>{1, stable}, {2, candidate}})
        reports.push_back({.prompt = "greeting", .version = version, .metric = "score", .value = value});
    quality::report(*store_, author_, workspace_, reports);
  }
  std::vector<json::object> entries(std::string_view action) {
    return read([&](db::Transaction& transaction) {
      std::vector<json::object> found;
      db::Rows rows = transaction.query("SELECT body FROM ledger_entry ORDER BY id");
      while (rows.next()) {
        json::value body = parseJson(rows.view(0));
        if (body.at("action").as_string() == action) found.push_back(body.as_object());
      }
      return found;
    });
  }
  registry::Asset asset_;
};

TEST_P(GuardTest, AGuardrailRollsBackInTheTransactionOfTheReport) {
  start(R"([{"metric":"score"}])");
  int pairs = 0;
  while (now().status == RolloutStatus::running && pairs < 100) {
    send(1, 0.9);
    send(2, 0.2);
    ++pairs;
  }
  EXPECT_LT(pairs, 15);
  Rollout rollout = now();
  EXPECT_EQ(rollout.status, RolloutStatus::rolledBack);
  EXPECT_EQ(rollout.endedBy, "system:guard");
  EXPECT_NE(rollout.endReason.find("guardrail 'score': version 2 has mean 0.2"), std::string::npos)
      << rollout.endReason;
  auto breaches = entries("guard.breached"), ends = entries("rollout.rolled-back");
  ASSERT_EQ(breaches.size(), 1u);
  ASSERT_EQ(ends.size(), 1u);
  const json::value& data = breaches[0].at("data");
  EXPECT_EQ(breaches[0].at("actor").as_string(), "system:guard");
  EXPECT_EQ(breaches[0].at("subject").as_string(), "prompt/greeting#production");
  EXPECT_GE(data.at("e").to_number<double>(), 20);
  EXPECT_EQ(data.at("stable_version").to_number<int>(), 1);
  EXPECT_EQ(data.at("candidate").at("reports").to_number<int>(), pairs);
  EXPECT_EQ(data.at("config").as_string().size(), 64u);
  // The alias never moved.
  read([&](db::Transaction& transaction) {
    EXPECT_EQ(registry::holderOf(transaction, asset_, registry::Pointer::alias("production")), 1);
  });
  EXPECT_EQ(view().standing, GuardStanding::breached);
}

TEST_P(GuardTest, WhatComesAfterTheEndIsStoredButActsNoMore) {
  start(R"([{"metric":"score"}])");
  sendPairs(200, 0.9, 0.1);
  EXPECT_EQ(now().status, RolloutStatus::rolledBack);
  EXPECT_EQ(count("report"), 400);
  EXPECT_EQ(entries("guard.breached").size(), 1u);
  EXPECT_LT(view().state.candidate.count, 30);
}

TEST_P(GuardTest, AGoodCandidateStaysAndIsFoundFine) {
  start(R"([{"metric":"score","advance":"early"}])");
  EXPECT_EQ(view().standing, GuardStanding::waiting);
  sendPairs(300, 0.8, 0.85);
  EXPECT_EQ(now().status, RolloutStatus::running);
  EXPECT_EQ(view().standing, GuardStanding::fine);
  EXPECT_TRUE(advice().early);
  EXPECT_EQ(advice().hold, "");
}

TEST_P(GuardTest, ALittleWorseIsWithinTheMargin) {
  start(R"([{"metric":"score","margin":0.1}])");
  sendPairs(500, 0.8, 0.72);
  EXPECT_EQ(now().status, RolloutStatus::running);
}

TEST_P(GuardTest, ASignalPausesAndNotifyOnlyTells) {
  start(R"([{"metric":"score","role":"signal"}])");
  sendPairs(50, 0.9, 0.1);
  EXPECT_EQ(now().status, RolloutStatus::paused);
  EXPECT_EQ(entries("guard.breached").size(), 1u);
}

TEST_P(GuardTest, ADryRunDoesNothingButSaySo) {
  start(R"([{"metric":"score","dry_run":true}])");
  sendPairs(50, 0.9, 0.1);
  EXPECT_EQ(now().status, RolloutStatus::running);
  auto breaches = entries("guard.breached");
  ASSERT_EQ(breaches.size(), 1u);
  EXPECT_EQ(breaches[0].at("data").at("action").as_string(), "none: dry run");
  sendPairs(50, 0.9, 0.1);
  EXPECT_EQ(entries("guard.breached").size(), 1u);  // once
}

TEST_P(GuardTest, LowerIsBetterWhereConfiguredSo) {
  start(R"([{"metric":"score","direction":"lower","max":1000}])");
  sendPairs(50, 900, 100);
  EXPECT_EQ(now().status, RolloutStatus::running);
  sendPairs(150, 100, 900);
  EXPECT_EQ(now().status, RolloutStatus::rolledBack);
}

TEST_P(GuardTest, AValueOutsideTheRangeIsRefusedWithTheGuardsName) {
  start(R"([{"metric":"score"}])");
  EXPECT_EQ(send(2, 5).error, "value must be from 0 to 1, the range of guard 'score' of rollout 1, not 5");
  EXPECT_EQ(send(3, 5).kind, quality::ReportOutcome::Kind::stored);  // no version of this rollout
  EXPECT_EQ(view().state.candidate.count, 0);
}

TEST_P(GuardTest, VersionsOutsideTheRolloutAndLateReportsAreLeftOut) {
  Rollout rollout = start(R"([{"metric":"score"}])");
  for (int i = 0; i < 50; ++i) send(3, 0);
  EXPECT_EQ(send(2, 0, "", rollout.startedAt - 1000).kind, quality::ReportOutcome::Kind::stored);
  EXPECT_EQ(view().state.candidate.count, 0);
  EXPECT_EQ(view().state.late, 1);
  EXPECT_EQ(count("report"), 51);
}

TEST_P(GuardTest, OneUserCountsOnceInAWindow) {
  start(R"([{"metric":"score"}])");
  for (int i = 0; i < 100; ++i) {
    send(1, 1, "anna");
    send(2, 0, "bert");
  }
  EXPECT_EQ(view().state.candidate.count, 1);
  EXPECT_EQ(now().status, RolloutStatus::running);
  // In one batch, a user's reports are averaged.
  std::vector<quality::Report> batch;
  for (double value : {0.0, 1.0, 0.5})
    batch.push_back({.prompt = "greeting", .version = 2, .metric = "score", .value = value, .unit = "carl"});
  quality::report(*store_, author_, workspace_, batch);
  EXPECT_EQ(view().state.candidate.count, 2);
  EXPECT_DOUBLE_EQ(view().state.candidate.sum, 0.5);
}

TEST_P(GuardTest, WithoutReportsTheStepIsHeldAndInTheEndPaused) {
  Rollout rollout = start(R"([{"metric":"score","min_reports":3,"grace_seconds":60,"max_bake_seconds":600}])");
  EXPECT_EQ(advice().hold, "guard 'score' has 0 of 3 reports about version 2");
  EXPECT_FALSE(advice().pause);
  EXPECT_TRUE(advice(rollout.stepSince + 601'000).pause);
  sendPairs(3, 0.5, 0.5);
  EXPECT_EQ(advice().hold, "");
  EXPECT_NE(advice(nowMillis() + 100'000).hold.find("has had no report about version 2 for 1"), std::string::npos);
}

TEST_P(GuardTest, NoDataCanBeIgnored) {
  start(R"([{"metric":"score","on_no_data":"ignore"}])");
  EXPECT_EQ(advice().hold, "");
}

TEST_P(GuardTest, TrafficThatDoesNotSplitAsAskedHoldsTheStep) {
  start(R"([{"metric":"score"}])");
  std::vector<quality::Report> batch;
  for (int i = 0; i < 600; ++i)  // two thirds of the candidate's users never report
    batch.push_back({.prompt = "greeting",
                     .version = i % 4 == 0 ? 2 : 1,
                     .metric = "score",
                     .value = 0.5,
                     .unit = fmt::format("user-{}", i)});
  quality::report(*store_, author_, workspace_, batch);
  EXPECT_EQ(view().standing, GuardStanding::uneven);
  EXPECT_NE(now().hold.find("users report on version 2, 50.0 % were planned"), std::string::npos) << now().hold;
  EXPECT_EQ(view().why, now().hold) << "one fault, two figures";  // reports came after it was held
  EXPECT_EQ(entries("rollout.held").size(), 1u);
  // A person who has looked lets it go on; it is not held again for the same finding.
  change([&](registry::Change& c) {
    registry::resumeRollout(c, *registry::findRollout(c.transaction, 1), registry::ClearanceIssuer::widen());
  });
  sendPairs(5, 0.5, 0.5);
  EXPECT_EQ(now().hold, "");
}

TEST_P(GuardTest, WhenEverybodyGetsTheCandidateItIsComparedWithWhatTheStableOneHad) {
  start(R"([{"metric":"score"}])", R"([{"weight":50},{"weight":100}])");
  sendPairs(400, 0.9, 0.9);
  change([&](registry::Change& c) {
    registry::stepRollout(c, *registry::findRollout(c.transaction, 1), 1, registry::ClearanceIssuer::widen());
  });
  for (int i = 0; i < 200; ++i) send(2, 0.9);
  EXPECT_EQ(now().status, RolloutStatus::running);
  EXPECT_GT(view().state.frozen, 0.8);
  int needed = 0;
  for (; now().status == RolloutStatus::running && needed < 400; ++needed) send(2, 0.4);
  EXPECT_LT(needed, 100);
  EXPECT_EQ(entries("guard.breached")[0].at("data").at("method").as_string(), "e-CUSUM");
}

TEST_P(GuardTest, TheStableVersionsPastStandsInWhenNobodyComparedBefore) {
  asset_ = makePrompt("greeting", {"Hi", "Hello", "Good day"});
  for (int i = 0; i < 3; ++i)
    quality::report(
        *store_, author_, workspace_,
        std::vector<quality::Report>(50, {.prompt = "greeting", .version = 1, .metric = "score", .value = 0.9}));
  change([&](registry::Change& c) {
    registry::moveAlias(c, asset_, registry::ClearanceIssuer::move(registry::Pointer::alias("production"), 0, 1));
    registry::startRollout(c, asset_, plan(R"([{"metric":"score"}])", R"([{"weight":100}])"),
                           registry::ClearanceIssuer::move(registry::Pointer::alias("production"), 1, 2), "");
  });
  send(2, 0.9);
  EXPECT_GT(view().state.frozen, 0.5);
  EXPECT_EQ(view().standing, GuardStanding::watching);
}

TEST_P(GuardTest, WithoutAPastThereIsNoBaseline) {
  start(R"([{"metric":"score"}])", R"([{"weight":100}])");
  send(2, 0);
  EXPECT_EQ(view().standing, GuardStanding::noBaseline);
}

TEST_P(GuardTest, WhatAGuardRolledBackDoesNotComeBackByItself) {
  start(R"([{"metric":"score","cooldown_seconds":3600}])");
  sendPairs(50, 0.9, 0.1);
  std::int64_t ended = now().endedAt;
  auto check = [&](const std::string& actor, std::int64_t at) {
    read([&](db::Transaction& transaction) {
      requireCooledDown(transaction, asset_, "production", plan("[]", R"([{"weight":50}])"), registry::Actor{actor},
                        at);
    });
  };
  EXPECT_THROW(check("token:ci", ended + 1000), Error);
  EXPECT_NO_THROW(check("user:anna", ended + 1000));
  EXPECT_NO_THROW(check("token:ci", ended + 3'601'000));
}

TEST_P(GuardTest, EachArmHasItsOwnEvidence) {
  asset_ = makePrompt("greeting", {"Hi", "Hello", "Good day"});
  change([&](registry::Change& c) {
    registry::moveAlias(c, asset_, registry::ClearanceIssuer::move(registry::Pointer::alias("production"), 0, 1));
    registry::RolloutPlan plan =
        registry::parsePlan(R"({"arms":[{"name":"a","version":2},{"name":"b","version":3}],"steps":[{"weight":66}],)"
                            R"("guards":[{"metric":"score","on_breach":"notify"}]})");
    registry::startRollout(c, asset_, plan,
                           registry::ClearanceIssuer::move(registry::Pointer::alias("production"), 1, 2), "");
  });
  for (int i = 0; i < 100; ++i) {
    send(1, 0.8);
    send(2, 0.8);
    send(3, 0.3);
  }
  auto views = read(
      [&](db::Transaction& transaction) { return viewGuards(transaction, *registry::findRollout(transaction, 1)); });
  ASSERT_EQ(views.size(), 2u);
  EXPECT_NE(views[0].standing, GuardStanding::breached);
  EXPECT_EQ(views[1].standing, GuardStanding::breached);
  EXPECT_EQ(entries("guard.breached")[0].at("data").at("version").to_number<int>(), 3);
}

TEST(GuardState, IsTheSameAfterBeingWrittenDown) {
  json::value guards = parseJson(R"([{"metric":"score"}])");
  GuardConfig guard = parseGuards(guards.as_array(), 1).front();
  GuardState state;
  for (int i = 0; i < 100; ++i) {
    state.see(guard, i % 3 == 0, 0.1 * (i % 10), 1.0 / 3);
    state.ratio.see(i % 3 == 0, 1.0 / 3);
  }
  std::string text = state.text();
  GuardState back = GuardState::parse(text);
  EXPECT_EQ(back.text(), text);
  EXPECT_EQ(back.worse.logE(), state.worse.logE());
  EXPECT_EQ(back.ratio.p(), state.ratio.p());
  EXPECT_LT(text.size(), 2000u);
  EXPECT_THROW(GuardState::parse("[1,2,3]"), Error);
}

REGESTA_ON_BOTH(GuardTest);

}  // namespace
}  // namespace regesta::rollout
