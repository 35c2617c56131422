#include "lifecycle/pack_turn.h"

#include <chrono>
#include <condition_variable>
#include <mutex>

#include "base/error.h"
#include "base/id.h"
#include "base/log.h"

namespace regesta::lifecycle {
namespace {

constexpr std::string_view leaseName = "blob.packs";
constexpr std::int64_t leaseMillis = 2 * 60'000;
constexpr std::chrono::milliseconds renewalTime{leaseMillis / 4};

}  // namespace

PackTurn::PackTurn(registry::Store& store) : holder_(randomHex(8)), lease_(store, leaseName, holder_, leaseMillis) {
  if (!lease_.take())
    throw Error(Code::unavailable,
                "packs are being collected or rewritten by another call: try again in a moment, or in two minutes if "
                "the server that did it has crashed");
  renewal_ = std::jthread([this](const std::stop_token& stop) { renewUntil(stop); });
}

void PackTurn::renewUntil(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any stopped;
  for (std::unique_lock lock(mutex); !stopped.wait_for(lock, stop, renewalTime, [&] { return stop.stop_requested(); });)
    try {
      lease_.take();
    } catch (const std::exception& failure) {
      log(LogLevel::warn, "the lease on the packs could not be renewed", {{"reason", failure.what()}});
    }
}

}  // namespace regesta::lifecycle
