#include "governance/request_clock.h"

#include <algorithm>

#include "base/metrics.h"
#include "base/time.h"
#include "governance/break_glass.h"
#include "governance/change_request.h"

namespace regesta::governance {
namespace {

constexpr Repeater::Pause pauseBetweenRounds{1000};
constexpr std::int64_t pauseBetweenAttempts = 60'000;
const registry::Actor clockActor = registry::Actor::system("gate");

/// Open requests from before the moment; with `silentSince`, those of which no reminder was recorded after it. With
/// `only`, at most that request.
std::vector<std::int64_t> openedBefore(db::Transaction& transaction, std::int64_t moment,
                                       std::optional<std::int64_t> silentSince = {}, std::int64_t only = 0) {
  std::vector<std::int64_t> ids;
  // Entries have microseconds.
  auto rows = transaction.query(
      "SELECT r.id FROM change_request r WHERE r.status = 'open' AND r.opened_at <= $1 AND r.not_before <= $1 AND "
      "($2 = 0 OR r.id = $2) AND NOT EXISTS (SELECT 1 FROM subject_entry s JOIN ledger_entry e ON e.id = s.entry WHERE "
      "s.workspace = r.workspace AND s.subject = 'change-request/' || CAST(r.id AS TEXT) AND e.action = $3 AND "
      "e.refused IS NULL AND e.time >= $4) ORDER BY r.id",
      {moment, only, registry::nameOf(registry::Action::changeRequestReminded),
       silentSince ? (*silentSince + 1) * 1000 : INT64_MAX});
  while (rows.next()) ids.push_back(rows.integer(0));
  return ids;
}

}  // namespace

RequestClock::RequestClock(registry::Store& store, Gate& gate, Options options)
    : store_(store),
      gate_(gate),
      options_(options),
      repeater_("change requests could not be looked at and will be later", pauseBetweenRounds, [this] {
        round();
        return pauseBetweenRounds;
      }) {}

void RequestClock::round() {
  std::int64_t now = nowMillis();
  carryOut(now);
  if (options_.expireMillis > 0) expire(now - options_.expireMillis);
  if (options_.remindMillis > 0) remind(now - options_.remindMillis);
  gauge("regesta_break_glass_open", "Moves against the policies that nobody has reviewed.")
      .set(store_.read([](db::Transaction& transaction) { return openReviews(transaction); }));
}

void RequestClock::carryOut(std::int64_t now) {
  auto due = store_.read([&](db::Transaction& transaction) { return scheduledRequests(transaction, now); });
  std::erase_if(triedAt_, [&](const auto& tried) { return std::ranges::find(due, tried.first) == due.end(); });
  for (std::int64_t id : due) {
    auto [tried, fresh] = triedAt_.try_emplace(id, now);
    if (!fresh && now - tried->second < pauseBetweenAttempts) continue;
    tried->second = now;
    gate_.carryOut(id);
  }
}

void RequestClock::expire(std::int64_t moment) {
  auto old = store_.read([&](db::Transaction& transaction) { return openedBefore(transaction, moment); });
  for (std::int64_t id : old)
    store_.change(clockActor, [&](registry::Change& change) {
      ChangeRequest request = getChangeRequest(change.transaction, id);
      if (request.status == RequestStatus::open)
        closeChangeRequest(change, request, RequestStatus::expired,
                           fmt::format("it was open for more than {} hours", options_.expireMillis / 3'600'000));
    });
}

void RequestClock::remind(std::int64_t moment) {
  auto old = store_.read([&](db::Transaction& transaction) { return openedBefore(transaction, moment, moment); });
  for (std::int64_t id : old)
    store_.change(clockActor, [&](registry::Change& change) {
      if (openedBefore(change.transaction, moment, moment, id).empty()) return;
      ChangeRequest request = getChangeRequest(change.transaction, id);
      change.record(registry::Action::changeRequestReminded, request.key.workspace, request.subject(),
                    {{"pointer", request.pointerSubject()},
                     {"to", request.toNumber},
                     {"opened_at", formatTime(request.openedAt)}});
    });
}

}  // namespace regesta::governance
