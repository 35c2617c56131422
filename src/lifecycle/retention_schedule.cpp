#include "lifecycle/retention_schedule.h"

#include <set>

#include "base/error.h"
#include "base/id.h"
#include "base/log.h"
#include "base/repeater.h"
#include "base/time.h"
#include "jobs/lease.h"
#include "lifecycle/retention_apply.h"

namespace regesta::lifecycle {
namespace {

const registry::Actor actor = registry::Actor::system("retention");
constexpr std::string_view leaseName = "retention";
constexpr std::int64_t leaseMillis = 10 * 60'000;
constexpr std::int64_t sliceMillis = 60'000;  // of one workspace, before the lease is extended
constexpr std::chrono::minutes lookPause{5};  // until the next look whether anything is due

std::set<std::string> workspacesWithRules(db::Transaction& transaction) {
  std::set<std::string> names;
  db::Rows rows = transaction.query("SELECT DISTINCT workspace FROM retention_rule");
  while (rows.next()) names.insert(rows.text(0));
  return names;
}

/// Digests of the schedule's own applications that were interrupted.
std::vector<std::string> interrupted(db::Transaction& transaction, const std::string& workspace) {
  std::vector<std::string> digests;
  db::Rows rows = transaction.query(
      "SELECT digest FROM retention_application WHERE workspace = $1 AND finished_at = 0 AND started_by = $2 "
      "ORDER BY id",
      {workspace, actor.name});
  while (rows.next()) digests.push_back(rows.text(0));
  return digests;
}

std::int64_t lastStarted(db::Transaction& transaction, const std::string& workspace) {
  db::Rows rows = transaction.query(
      "SELECT COALESCE(MAX(started_at), 0) FROM retention_application WHERE workspace = $1 AND started_by = $2",
      {workspace, actor.name});
  rows.next();
  return rows.integer(0);
}

}  // namespace

struct RetentionSchedule::State {
  registry::Store& store;
  std::int64_t everyMillis;
  Repeater repeater;
  std::string holder = randomHex(8);

  std::int64_t apply(jobs::RoundLease& lease, const std::string& workspace, const std::string& digest) {
    RetentionProgress progress;
    do progress = applyRetention(store, actor, workspace, digest, sliceMillis);
    while (!progress.finished && !repeater.stopping() && lease.take());
    return progress.removed + progress.archived;
  }

  std::int64_t applyDue(jobs::RoundLease& lease, const std::string& workspace, std::int64_t now) {
    std::int64_t done = 0;
    for (const std::string& digest :
         store.read([&](db::Transaction& transaction) { return interrupted(transaction, workspace); }))
      done += apply(lease, workspace, digest);
    if (store.read([&](db::Transaction& transaction) { return lastStarted(transaction, workspace); }) >
        now - everyMillis)
      return done;
    RetentionPlan plan = store.read(
        [&](db::Transaction& transaction) { return planRetention(transaction, workspace, planMoment(now)); });
    return plan.items.empty() ? done : done + apply(lease, workspace, plan.digest);
  }
};

RetentionSchedule::RetentionSchedule(registry::Store& store, std::int64_t everyMillis)
    : state_(new State{.store = store,
                       .everyMillis = everyMillis,
                       .repeater = {"retention rules could not be applied", lookPause, [this] {
                                      round(nowMillis());
                                      return lookPause;
                                    }}}) {}
RetentionSchedule::~RetentionSchedule() { stop(); }

void RetentionSchedule::start() {
  if (state_->everyMillis > 0) state_->repeater.start();
}
void RetentionSchedule::stop() { state_->repeater.stop(); }

std::int64_t RetentionSchedule::round(std::int64_t now) {
  State& state = *state_;
  jobs::RoundLease lease(state.store, leaseName, state.holder, leaseMillis);
  if (!lease.take()) return 0;
  std::int64_t done = 0;
  for (const std::string& workspace :
       state.store.read([](db::Transaction& transaction) { return workspacesWithRules(transaction); })) {
    if (state.repeater.stopping() || !lease.take()) break;
    try {
      done += state.applyDue(lease, workspace, now);
    } catch (const Error& error) {
      log(LogLevel::warn, "retention rules could not be applied", {{"workspace", workspace}, {"error", error.message}});
    }
  }
  return done;
}

}  // namespace regesta::lifecycle
