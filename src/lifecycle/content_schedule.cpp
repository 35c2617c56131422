#include "lifecycle/content_schedule.h"

#include <utility>

#include "base/error.h"
#include "base/id.h"
#include "base/repeater.h"
#include "base/time.h"
#include "blob/pack_collect.h"
#include "jobs/lease.h"
#include "lifecycle/collection.h"
#include "lifecycle/pack_turn.h"

namespace regesta::lifecycle {
namespace {

const registry::Actor actor = registry::Actor::system("content");
constexpr std::int64_t graceMillis = 24 * 3'600'000;
constexpr Repeater::Pause lookPause = std::chrono::minutes(15);
/// Never dropped: the server that takes it collects, and no server does so again before it expires.
constexpr std::string_view collectedLease = "blob.collected";

}  // namespace

struct ContentSchedule::State {
  registry::Store& store;
  blob::Packs& packs;
  std::int64_t everyMillis;
  Repeater repeater;

  std::size_t collect() {
    if (!jobs::takeLease(store, collectedLease, randomHex(8), everyMillis)) return 0;
    std::size_t gone = 0;
    std::string after;
    do {
      CollectionPage page = collectPage(store, packs, actor, after, graceMillis, false);
      gone += page.content.removed.size() + page.packs.removed;
      after = page.content.next;
    } while (!after.empty() && !repeater.stopping());
    return gone;
  }
  std::size_t merge() {
    std::size_t merged = 0;
    while (!repeater.stopping()) {
      std::size_t replaced = blob::rewritePacks(packs, nowMillis());
      if (replaced == 0) break;
      merged += replaced;
    }
    return merged;
  }
};

ContentSchedule::ContentSchedule(registry::Store& store, blob::Packs& packs, std::int64_t everyMillis)
    : state_(new State{
          .store = store,
          .packs = packs,
          .everyMillis = everyMillis,
          .repeater = {"content could not be collected or merged", lookPause, [this, started = false]() mutable {
                         // Not at once: a server that has just started has other work.
                         if (std::exchange(started, true)) round();
                         return lookPause;
                       }}}) {}
ContentSchedule::~ContentSchedule() { stop(); }

void ContentSchedule::start() {
  if (state_->everyMillis > 0) state_->repeater.start();
}
void ContentSchedule::stop() { state_->repeater.stop(); }

std::size_t ContentSchedule::round() {
  try {
    PackTurn turn(state_->store);
    return state_->collect() + state_->merge();
  } catch (const Error& error) {
    if (error.code == Code::unavailable) return 0;  // another call has the turn, or a backup reads the packs
    throw;
  }
}

}  // namespace regesta::lifecycle
