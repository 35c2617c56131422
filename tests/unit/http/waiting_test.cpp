#include "http/waiting.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <thread>

#include "base/error.h"
#include "base/limits_work.h"

namespace regesta::http {
namespace {

using namespace std::chrono_literals;

void waitFor(const std::function<bool()>& condition) {
  for (int i = 0; i < 3000 && !condition(); ++i) std::this_thread::sleep_for(10ms);
  EXPECT_TRUE(condition());
}

TEST(WaitingPool, RunsWorkAsWhatItIs) {
  WaitingPool pool(4);
  std::latch done(1);
  Work seen;
  pool.submit(
      [&] {
        seen = currentWork();
        done.count_down();
      },
      {Lane::trial, "user:rex", nullptr});
  done.wait();
  EXPECT_EQ(seen.lane, Lane::trial);
  EXPECT_EQ(seen.caller, "user:rex");
}

TEST(WaitingPool, NeitherALaneNorACallerTakesAllThreads) {
  std::latch release(1);
  std::atomic<int> scanning = 0, done = 0;
  WaitingPool pool(4);
  auto slow = [&] {
    ++scanning;
    release.wait();
    --scanning;
    ++done;
  };
  for (int i = 0; i < 20; ++i) pool.submit(slow, {Lane::scan, "user:rex", nullptr});
  waitFor([&] { return scanning == static_cast<int>(limits::scansPerCaller); });
  std::latch others(3);
  pool.submit([&] { others.count_down(); }, {Lane::scan, "user:rita", nullptr});
  pool.submit([&] { others.count_down(); }, {Lane::ordinary, "user:rex", nullptr});
  pool.submit([&] { others.count_down(); }, {Lane::trial, "user:rex", nullptr});
  others.wait();
  EXPECT_EQ(scanning, static_cast<int>(limits::scansPerCaller));
  release.count_down();
  pool.close();
  EXPECT_EQ(done, 20);
}

TEST(WaitingPool, ACallerWithTooMuchWaitingIsRefusedAndOthersAreNot) {
  std::latch release(1);
  std::atomic<int> done = 0;
  WaitingPool pool(4);
  auto slow = [&] {
    release.wait();
    ++done;
  };
  std::size_t most = limits::trialsPerCaller + limits::trialsWaiting;
  std::size_t refused = 0;
  for (std::size_t i = 0; i < most + 10; ++i) {
    try {
      pool.submit(slow, {Lane::trial, "user:rex", nullptr});
    } catch (const Error& e) {
      EXPECT_EQ(e.code, Code::exhausted);
      ++refused;
    }
  }
  EXPECT_GE(refused, 10u);
  std::latch other(1);
  pool.submit([&] { other.count_down(); }, {Lane::trial, "user:rita", nullptr});
  other.wait();
  release.count_down();
  pool.close();
  EXPECT_EQ(static_cast<std::size_t>(done) + refused, most + 10);
}

/// The second of two comes before the thread that the first one called is awake.
TEST(WaitingPool, WorkDoesNotWaitForWorkThatTookItsThread) {
  for (int i = 0; i < 200; ++i) {
    WaitingPool pool(4);
    std::latch idle(1), release(1), second(1);
    pool.submit([&] { idle.count_down(); });
    idle.wait();
    std::this_thread::sleep_for(200us);  // until that thread waits for more
    pool.submit([&] { release.wait(); });
    pool.submit([&] { second.count_down(); });
    waitFor([&] { return second.try_wait(); });
    release.count_down();
    pool.close();
  }
}

TEST(WaitingPool, WorkWhoseCallerHasGoneMakesRoom) {
  std::latch release(1);
  std::atomic<int> ended = 0;
  Cancellation gone;
  WaitingPool pool(4);
  std::atomic<std::size_t> running = 0;
  for (std::size_t i = 0; i < limits::trialsPerCaller; ++i)
    pool.submit(
        [&] {
          ++running;
          release.wait();
        },
        {Lane::trial, "user:rex", nullptr});
  waitFor([&] { return running == limits::trialsPerCaller; });  // none of them waits, so that what follows does
  std::size_t waiting = 0;
  try {
    for (; waiting < 1000; ++waiting) pool.submit([&] { ++ended; }, {Lane::trial, "user:rex", &gone});
  } catch (const Error&) {
  }
  ASSERT_LT(waiting, 1000u);
  gone.cancel();
  pool.submit([] {}, {Lane::trial, "user:rex", nullptr});
  waitFor([&] { return ended > 0; });
  EXPECT_GT(ended, 0) << "they were ended in favour of the one that is waited for";
  release.count_down();
  pool.close();
  EXPECT_EQ(static_cast<std::size_t>(ended), waiting);
}

}  // namespace
}  // namespace regesta::http
