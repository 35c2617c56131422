#include "base/work.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/fair_queue.h"

namespace regesta {
namespace {

TEST(Work, IsTheThreadsUntilItsScopeEnds) {
  EXPECT_EQ(currentWork().lane, Lane::ordinary);
  EXPECT_EQ(Cancellation::current(), nullptr);
  {
    Cancellation cancellation;
    WorkScope outer({Lane::scan, "user:anna", &cancellation});
    WorkScope inner({.lane = Lane::trial});
    EXPECT_EQ(currentWork().lane, Lane::trial);
    EXPECT_NO_THROW(checkCancelled());
  }
  EXPECT_EQ(currentWork().caller, "");
}

TEST(Cancellation, ATimeThatIsOverIsAPermanentFailure) {
  Cancellation late(Cancellation::Clock::now() - std::chrono::seconds(1));
  EXPECT_FALSE(late.observed());
  EXPECT_TRUE(late.cancelled());
  EXPECT_TRUE(late.observed());
  EXPECT_LT(httpStatus(late.reason().code), 500) << "clients repeat what is temporary";
  EXPECT_NE(httpStatus(late.reason().code), 408);
  EXPECT_NE(httpStatus(late.reason().code), 429);
}

std::string order(FairQueue<std::string>& queue) {
  std::string all;
  while (auto taken = queue.pop()) {
    all += taken->item + " ";
    queue.finish(taken->party);
  }
  return all;
}

TEST(FairQueue, CallersTakeTurns) {
  FairQueue<std::string> queue(10, 10);
  for (const char* item : {"a1", "a2", "a3"}) EXPECT_TRUE(queue.push("anna", item));
  EXPECT_TRUE(queue.push("bert", "b1"));
  EXPECT_TRUE(queue.push("carl", "c1"));
  EXPECT_EQ(queue.size(), 5u);
  EXPECT_EQ(order(queue), "a1 b1 c1 a2 a3 ");
  EXPECT_EQ(queue.size(), 0u);
}

TEST(FairQueue, ACallerRunsAndQueuesOnlySoMany) {
  FairQueue<std::string> queue(1, 2);
  EXPECT_TRUE(queue.push("anna", "a1"));
  EXPECT_TRUE(queue.push("anna", "a2"));
  EXPECT_FALSE(queue.push("anna", "a3"));
  auto first = queue.pop();
  ASSERT_TRUE(first);
  EXPECT_FALSE(queue.ready()) << "her other one waits, though nobody else is there";
  EXPECT_TRUE(queue.push("bert", "b1"));
  auto second = queue.pop();
  ASSERT_TRUE(second);
  EXPECT_EQ(second->item, "b1");
  queue.finish(first->party);
  EXPECT_EQ(order(queue), "a2 ");
  queue.finish(second->party);
}

TEST(FairQueue, FewCallersDoNotTakeAllThatIsFree) {
  FairQueue<std::string> queue(4, 10);
  for (const char* caller : {"anna", "bert"})
    for (int i = 0; i < 4; ++i) queue.push(caller, std::string(caller));
  std::vector<FairQueue<std::string>::Taken> taken;
  std::size_t free = 8;
  while (auto one = queue.pop(free)) {
    taken.push_back(*one);
    --free;
  }
  EXPECT_EQ(free, 2u) << "some are left for others";
  EXPECT_FALSE(queue.ready(free));
  queue.push("carl", "carl");
  auto newcomer = queue.pop(free);
  ASSERT_TRUE(newcomer);
  EXPECT_EQ(newcomer->item, "carl");
}

TEST(FairQueue, GivesUpWhatNobodyWaitsFor) {
  FairQueue<std::string> queue(1, 3);
  for (const char* item : {"keep", "drop", "drop"}) queue.push("anna", item);
  EXPECT_EQ(queue.takeIf("anna", [](const std::string& item) { return item == "drop"; }).size(), 2u);
  EXPECT_EQ(queue.takeIf("nobody", [](const std::string&) { return true; }).size(), 0u);
  EXPECT_TRUE(queue.push("anna", "more"));
  EXPECT_EQ(order(queue), "keep more ");
  EXPECT_EQ(queue.takeIf("anna", [](const std::string&) { return true; }).size(), 0u);
}

}  // namespace
}  // namespace regesta
