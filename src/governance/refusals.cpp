#include "governance/refusals.h"

#include <condition_variable>
#include <map>
#include <thread>

#include "base/encoding.h"
#include "base/error.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/sync.h"
#include "base/text.h"
#include "base/time.h"

namespace regesta::governance {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr std::size_t mostGroups = 50;
constexpr std::size_t longestName = 255;
constexpr int entriesInARow = 10;
constexpr auto entryEvery = 60s;  // after those
constexpr auto collectFor = 1s;   // what comes together goes into one entry
const registry::Actor self = registry::Actor::system("access");

/// Counts by two words, for a bounded number of pairs.
struct Counts {
  std::map<std::pair<std::string, std::string>, std::int64_t> groups;
  std::int64_t further = 0;
  std::int64_t since = 0;  ///< milliseconds; 0: nothing counted

  void add(std::string_view first, std::string_view second) {
    if (since == 0) since = nowMillis();
    std::pair key(shorten(first, longestName), shorten(second, longestName));
    if (auto found = groups.find(key); found != groups.end())
      ++found->second;
    else if (groups.size() < mostGroups)
      groups.emplace(std::move(key), 1);
    else
      ++further;
  }
};

bool isUser(db::Transaction& transaction, std::string_view name) {
  return isUtf8(name) && name.find('\0') == std::string_view::npos &&
         transaction.query("SELECT 1 FROM user_account WHERE name = $1", {name}).next();
}

json::object dataOf(const Counts& counts, std::string_view first, std::string_view second) {
  json::array groups;
  for (const auto& [words, count] : counts.groups)
    groups.push_back(json::object{{first, words.first}, {second, words.second}, {"count", count}});
  json::object data{{"groups", std::move(groups)}, {"since", formatTime(counts.since)}};
  if (counts.further > 0) data["further"] = counts.further;
  return data;
}

Counter& refused(std::string_view what) {
  return counter("regesta_access_refused_total", "Failed sign-ins and refused accesses.",
                 fmt::format("what=\"{}\"", what));
}

}  // namespace

std::string claimedName(std::string_view authorization) {
  std::size_t space = authorization.find(' ');
  std::string_view scheme = authorization.substr(0, space);
  if (equalsIgnoreCase(scheme, "bearer")) return "token";
  if (!equalsIgnoreCase(scheme, "basic") || space == std::string_view::npos) return {};
  auto decoded = base64Decode(trim(authorization.substr(space)));
  return decoded ? decoded->substr(0, decoded->find(':')) : std::string();
}

struct Refusals::State {
  explicit State(registry::Store& theStore) : store(theStore) {}
  registry::Store& store;
  Counter& signIns = refused("sign-in");
  Counter& accesses = refused("access");
  struct Pending {
    Counts signIns, accesses;
    bool stop = false;
    bool any() const { return signIns.since != 0 || accesses.since != 0; }
  };
  Sync<Pending> pending;
  std::condition_variable changed;
  std::thread thread;

  void record();
  void run();
};

void Refusals::signInFailed(std::string_view claimed, std::string_view remote) {
  state_->signIns.add();
  state_->pending.lock()->signIns.add(claimed, remote);
  state_->changed.notify_one();
}

void Refusals::accessRefused(std::string_view actor, std::string_view method, std::string_view pattern) {
  state_->accesses.add();
  state_->pending.lock()->accesses.add(actor, fmt::format("{} {}", method, pattern));
  state_->changed.notify_one();
}

void Refusals::State::record() {
  Counts failed, refused;
  {
    auto guard = pending.lock();
    std::swap(failed, guard->signIns);
    std::swap(refused, guard->accesses);
  }
  if (failed.since == 0 && refused.since == 0) return;
  store.change(self, [&](registry::Change& change) {
    Counts known{{}, failed.further, failed.since};
    for (const auto& [words, count] : failed.groups) {
      bool named = words.first == "token" || isUser(change.transaction, words.first);
      known.groups[{named ? words.first : "(no user)", words.second}] += count;
    }
    if (failed.since != 0)
      change.record(registry::Action::sessionRefused, "", "access", dataOf(known, "claimed", "remote"));
    if (refused.since != 0)
      change.record(registry::Action::accessRefused, "", "access", dataOf(refused, "actor", "route"));
  });
}

void Refusals::State::run() {
  int left = entriesInARow;
  auto refilled = Clock::now();
  for (;;) {
    {
      auto guard = pending.lock();
      guard.wait(changed, [&] { return guard->stop || guard->any(); });
      if (left == 0) guard.waitFor(changed, entryEvery - (Clock::now() - refilled), [&] { return guard->stop; });
      guard.waitFor(changed, collectFor, [&] { return guard->stop; });
      if (guard->stop) return;
    }
    std::int64_t minutes = (Clock::now() - refilled) / entryEvery;
    left = static_cast<int>(std::min<std::int64_t>(entriesInARow, left + minutes));
    refilled += minutes * entryEvery;
    if (left > 0) --left;
    try {
      record();
    } catch (const std::exception& failure) {
      log(LogLevel::error, "refused accesses could not be recorded in the ledger", {{"why", failure.what()}});
    }
  }
}

Refusals::Refusals(registry::Store& store) : state_(std::make_unique<State>(store)) {}
Refusals::~Refusals() { stop(); }

void Refusals::start() {
  state_->thread = std::thread([this] { state_->run(); });
}

void Refusals::stop() {
  if (!state_->thread.joinable()) return;
  state_->pending.lock()->stop = true;
  state_->changed.notify_all();
  state_->thread.join();
  try {
    record();
  } catch (const std::exception& failure) {
    log(LogLevel::error, "refused accesses could not be recorded in the ledger", {{"why", failure.what()}});
  }
}

void Refusals::record() { state_->record(); }

}  // namespace regesta::governance
