#include "delivery/resolve.h"

#include <atomic>
#include <thread>

#include "delivery/snapshot.h"
#include "delivery/target.h"
#include "prompt/prompt.h"
#include "support/rollout_test.h"

namespace regesta::delivery {
namespace {

std::string render(const Resolved& answer) { return fmt::format("{} {}", answer.version->number, answer.why); }

class ResolverTest : public regesta::RolloutTest {
 protected:
  void SetUp() override {
    regesta::RolloutTest::SetUp();
    resolver_ = std::make_unique<Resolver>(*store_);
  }
  void TearDown() override {
    resolver_.reset();
    regesta::RolloutTest::TearDown();
  }
  void moveTo(std::int64_t to) {
    move(to);
    resolver_->forget(workspace_, "prompt/summary#production");
  }
  registry::Rollout begin(std::string_view plan) {
    registry::Rollout started = start(plan);
    resolver_->forget(workspace_, started.subject());
    return started;
  }
  std::shared_ptr<const Served> serve(std::string_view selector = "production",
                                      rollout::EvaluationContext context = {}) {
    return resolver_->serve(workspace_, "summary", selector, context);
  }
  std::unique_ptr<Resolver> resolver_;
};
REGESTA_ON_BOTH(ResolverTest);

TEST_P(ResolverTest, answersFromMemoryUntilToldOtherwise) {
  auto first = serve();
  EXPECT_EQ(first->answer.version->number, 1);
  EXPECT_EQ(first->answer.aliases, std::vector<std::string>{"production"});
  EXPECT_EQ(serve(), first);
  const Rendered& rendered = first->view(render);
  EXPECT_EQ(rendered.body, "1 'production' points to version 1");
  EXPECT_EQ(&serve()->view(render), &rendered);
  moveTo(2);
  EXPECT_EQ(serve()->answer.version->number, 2);
  EXPECT_NE(serve()->view(render).etag, rendered.etag);
}

TEST_P(ResolverTest, understandsEverySelector) {
  EXPECT_EQ(serve("2")->answer.why, "version 2 was requested");
  EXPECT_EQ(serve("latest")->answer.version->number, 3);
  EXPECT_EQ(serve("*")->answer.version->number, 3);
  EXPECT_EQ(serve("production.b42")->answer.version->number, 1);
  for (const char* unknown : {"nowhere", "nowhere.b1", "9", "^9", ""}) EXPECT_THROW(serve(unknown), Error) << unknown;
  EXPECT_THROW(resolver_->serve(workspace_, "nothing", "production", {}), Error);
  EXPECT_THROW(resolver_->serve("elsewhere", "summary", "production", {}), Error);
}

TEST_P(ResolverTest, aRolloutSplitsAndEndsWithoutTheAliasMoving) {
  registry::Rollout rollout = begin(R"({"arms":[{"name":"candidate","version":2}],"steps":[{"weight":50}]})");
  EXPECT_EQ(serve("production.b0")->answer.variant, "candidate");
  EXPECT_EQ(serve("production.b99")->answer.variant, "stable");
  EXPECT_EQ(serve()->answer.rollout, rollout.id);
  EXPECT_EQ(serve("2")->answer.rollout, 0);
  change([&](registry::Change& c) { registry::endRollout(c, rollout, registry::RolloutStatus::rolledBack, "worse"); });
  resolver_->forget(workspace_, rollout.subject());
  EXPECT_EQ(serve("production.b0")->answer.version->number, 1);
  EXPECT_EQ(serve()->answer.rollout, 0);
}

TEST_P(ResolverTest, whoReadsSlowlyPutsNothingOldBack) {
  std::atomic<bool> stop = false;
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i)
    readers.emplace_back([&] {
      while (!stop) serve();
    });
  for (int i = 0; i < 100; ++i) {
    std::int64_t to = 1 + i % 3;
    moveTo(to);
    EXPECT_EQ(serve()->answer.version->number, to);
  }
  stop = true;
  for (std::thread& reader : readers) reader.join();
}

TEST_P(ResolverTest, aPromptKeepsThePartialsOfItsRegistration) {
  registry::Asset part = makePrompt("part", {"first words", "other words"});
  auto point = [&](std::int64_t to) {
    gate_->move(me_, {.key = part.key, .pointer = registry::Pointer::alias("production"), .to = to});
    resolver_->forget(workspace_, "prompt/part#production");
  };
  point(1);
  makePrompt("whole", {"Say @@@langfusePrompt:name=part|label=production@@@", "Say {{> part@1.0.0}}"});
  auto text = [&](std::string_view selector) {
    auto served = resolver_->serve(workspace_, "whole", selector, {});
    return prompt::parsePrompt(served->answer.composed->content).text;
  };
  EXPECT_EQ(text("1"), "Say first words");
  EXPECT_EQ(text("2"), "Say first words");
  point(2);
  EXPECT_EQ(text("1"), "Say first words");
  EXPECT_EQ(text("2"), "Say first words");
  EXPECT_NE(resolver_->serve(workspace_, "whole", "1", {})->answer.version->content.find("langfusePrompt"),
            std::string::npos);
}

TEST_P(ResolverTest, endlessSelectorsAreAnsweredButNotKept) {
  auto kept = serve();
  for (int i = 0; i < 400; ++i) EXPECT_EQ(serve(fmt::format(">=0.0.{}", i))->answer.version->number, 3);
  EXPECT_EQ(serve(), kept);
}

TEST_P(ResolverTest, everyReadingOfASubjectIsForgotten) {
  makePrompt("a@b", {"text"});
  auto served = resolver_->serve(workspace_, "a@b", "1", {});
  resolver_->forget(workspace_, "model/a@b@1");
  EXPECT_EQ(resolver_->serve(workspace_, "a@b", "1", {}), served);
  resolver_->forget(workspace_, "prompt/a@b@1");
  EXPECT_NE(resolver_->serve(workspace_, "a@b", "1", {}), served);
  served = serve();
  resolver_->forgetAll();
  EXPECT_NE(serve(), served);
}

TEST_P(ResolverTest, aSnapshotChoosesAsTheServerDoes) {
  begin(R"({"arms":[{"name":"a","version":2},{"name":"b","version":3}],"steps":[{"weight":60}],
      "segments":[{"when":[{"attribute":"x","operator":"exists"}],"serve":"b"}]})");
  auto target = resolver_->target(workspace_, "summary", "production");
  Snapshot snapshot{.prompt = "summary", .selector = "production", .rollout = target->chooser()->rollout()};
  for (const auto& served : target->answers()) snapshot.resolved.push_back(served->view(render));
  snapshot.version = target->serve({})->view(render);
  Snapshot read = readSnapshot(writeSnapshot(snapshot));
  rollout::Chooser chooser(*read.rollout);
  for (int i = 0; i < 200; ++i)
    for (const json::object& attributes : {json::object{}, json::object{{"x", 1}}}) {
      rollout::EvaluationContext caller{.key = std::to_string(i), .attributes = attributes};
      EXPECT_EQ(read.resolve(&chooser, caller).body, serve("production", caller)->view(render).body);
    }
  std::string text = writeSnapshot(snapshot);
  for (std::size_t cut = 1; cut < text.size(); cut += 7) EXPECT_THROW(readSnapshot(text.substr(0, cut)), Error);
  snapshot.resolved.pop_back();
  EXPECT_THROW(readSnapshot(writeSnapshot(snapshot)), Error);
}

}  // namespace
}  // namespace regesta::delivery
