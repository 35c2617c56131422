#include "lifecycle/expiry.h"

#include <map>

#include "base/error.h"
#include "base/id.h"
#include "base/log.h"
#include "base/repeater.h"
#include "base/time.h"
#include "governance/gate.h"
#include "jobs/lease.h"
#include "lifecycle/retention_plan.h"
#include "registry/expiry.h"
#include "registry/search.h"

namespace regesta::lifecycle {
namespace {

const registry::Actor actor = registry::Actor::system("expiry");
constexpr std::string_view leaseName = "expiry", cause = "expiry";
constexpr std::int64_t leaseMillis = 10 * 60'000, lookAgainMillis = 60 * 60'000;
constexpr std::size_t page = 200;
constexpr Repeater::Pause longest = std::chrono::seconds(60), shortest = std::chrono::seconds(1);

/// False if it stays: something protects it, or it expires later by now.
bool letGo(registry::Change& change, std::int64_t row, std::int64_t now) {
  auto version = registry::findVersionById(change.transaction, row);
  if (!version) return true;
  std::int64_t at = registry::expiryOf(change.transaction, *version);
  if (at == 0 || at > now || !reasonToStay(change.transaction, *version, RetentionAct::remove).empty()) return false;
  // May write everywhere and administers nothing, so that the gate keeps what is cited.
  access::Identity clerk{change.actor, {{"contributor", version->asset.key.workspace, "*"}}, false};
  registry::Removal removal = governance::Gate::removal(change, clerk, *version, governance::Gate::Pointers::keep);
  registry::deleteVersion(change, *version, removal, cause);
  return true;
}

bool isProtection(const Error& failure) {
  return failure.code == Code::refused || failure.code == Code::denied || failure.code == Code::conflict ||
         failure.code == Code::invalidState;
}

}  // namespace

struct Expiry::State {
  registry::Store& store;
  Repeater repeater;
  std::string holder = randomHex(8);
  std::map<std::int64_t, std::int64_t> kept = {};  ///< row of a version that stayed, and when it is looked at again

  Repeater::Pause untilNext(std::int64_t now) {
    auto next = store.read([&](db::Transaction& transaction) { return registry::nextExpiry(transaction, now); });
    return next ? std::clamp(Repeater::Pause(*next - now), shortest, longest) : longest;
  }

  bool remove(std::int64_t row, std::int64_t now) {
    if (auto found = kept.find(row); found != kept.end() && found->second > now) return false;
    try {
      // Most of what stays is found without the writer.
      bool stays = store.read([&](db::Transaction& transaction) {
        auto version = registry::findVersionById(transaction, row);
        return version && !reasonToStay(transaction, *version, RetentionAct::remove).empty();
      });
      if (!stays && store.change(actor, [&](registry::Change& change) { return letGo(change, row, now); })) {
        kept.erase(row);
        return true;
      }
    } catch (const Error& failure) {
      if (!isProtection(failure)) throw;
    }
    kept[row] = now + lookAgainMillis;
    return false;
  }
};

Expiry::Expiry(registry::Store& store)
    : state_(new State{.store = store, .repeater = {"expired versions could not be deleted", longest, [this] {
                                                      round(nowMillis());
                                                      return state_->untilNext(nowMillis());
                                                    }}}) {}
Expiry::~Expiry() { stop(); }

void Expiry::start() { state_->repeater.start(); }
void Expiry::stop() { state_->repeater.stop(); }

std::size_t Expiry::round(std::int64_t now) {
  State& state = *state_;
  auto rowsAfter = [&](std::int64_t after) {
    return state.store.read(
        [&](db::Transaction& transaction) { return registry::expiredVersions(transaction, now, after, page); });
  };
  std::vector<std::int64_t> rows = rowsAfter(0);
  if (rows.empty()) return 0;
  jobs::RoundLease lease(state.store, leaseName, state.holder, leaseMillis);
  std::size_t gone = 0;
  for (; !rows.empty() && !state.repeater.stopping() && lease.take(); rows = rowsAfter(rows.back()))
    for (std::int64_t row : rows) {
      if (state.repeater.stopping()) break;
      gone += state.remove(row, now) ? 1 : 0;
    }
  return gone;
}

}  // namespace regesta::lifecycle
