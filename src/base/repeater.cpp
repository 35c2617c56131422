#include "base/repeater.h"

#include <utility>

#include "base/log.h"

namespace regesta {
namespace {

constexpr Repeater::Pause breather{20};  // so that under load one call serves many wakes

}  // namespace

Repeater::Repeater(std::string failure, Pause pauseAfterFailure, std::function<Pause()> round)
    : failure_(std::move(failure)), pauseAfterFailure_(pauseAfterFailure), round_(std::move(round)) {}

void Repeater::start() {
  thread_ = std::thread([this] {
    for (;;) {
      Pause pause = callOnce();
      auto signals = signals_.lock();
      signals.waitFor(signalled_, pause, [&] { return signals->wake || signals->stop; });
      if (!signals->stop) signals.waitFor(signalled_, breather, [&] { return signals->stop; });
      if (signals->stop) return;
      signals->wake = false;
    }
  });
}

void Repeater::stop() {
  signals_.lock()->stop = true;
  signalled_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Repeater::wake() {
  signals_.lock()->wake = true;
  signalled_.notify_all();
}

Repeater::Pause Repeater::callOnce() {
  try {
    return round_();
  } catch (const std::exception& error) {
    log(LogLevel::warn, failure_, {{"error", error.what()}});
    return pauseAfterFailure_;
  }
}

}  // namespace regesta
