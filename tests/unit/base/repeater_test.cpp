#include "base/repeater.h"

#include <atomic>
#include <stdexcept>

#include <gtest/gtest.h>

namespace regesta {

using namespace std::chrono_literals;

TEST(Repeater, GoesOnAfterAFailure) {
  std::atomic<int> calls{0};
  Repeater repeater("the test's call failed", 1ms, [&]() -> Repeater::Pause {
    if (++calls == 1) throw std::runtime_error("once");
    return 1ms;
  });
  repeater.start();
  while (calls < 3) std::this_thread::yield();
  repeater.stop();
  int before = calls;
  std::this_thread::sleep_for(20ms);
  EXPECT_EQ(calls, before) << "nothing runs after stop()";
}

TEST(Repeater, WakeEndsThePause) {
  std::atomic<int> calls{0};
  Repeater repeater("the test's call failed", 1h, [&]() -> Repeater::Pause {
    ++calls;
    return 1h;
  });
  repeater.start();
  while (calls < 1) std::this_thread::yield();
  while (calls < 2) {
    repeater.wake();
    std::this_thread::yield();
  }
  repeater.stop();
}

TEST(Repeater, ManyWakesShareACall) {
  std::atomic<int> calls{0};
  Repeater repeater("the test's call failed", 1h, [&]() -> Repeater::Pause {
    ++calls;
    return 1h;
  });
  repeater.start();
  auto began = std::chrono::steady_clock::now();
  while (calls < 5) {
    repeater.wake();
    std::this_thread::yield();
  }
  repeater.stop();
  EXPECT_GE(std::chrono::steady_clock::now() - began, 4 * 20ms);
}

TEST(Repeater, StopEndsThePauseAndTellsALongCall) {
  std::atomic<bool> running{false};
  Repeater* self = nullptr;
  Repeater repeater("the test's call failed", 1h, [&]() -> Repeater::Pause {
    running = true;
    while (!self->stopping()) std::this_thread::yield();
    return 1h;
  });
  self = &repeater;
  repeater.start();
  while (!running) std::this_thread::yield();
  repeater.stop();
  EXPECT_TRUE(repeater.stopping());
}

}  // namespace regesta
