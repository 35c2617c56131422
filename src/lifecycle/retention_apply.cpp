#include "lifecycle/retention_apply.h"

#include "base/error.h"
#include "base/time.h"
#include "governance/archival.h"
#include "governance/gate.h"
#include "registry/archive.h"
#include "registry/search.h"

namespace regesta::lifecycle {
namespace {

constexpr std::int64_t hour = 3'600'000;

/// A row of retention_application that is not finished.
struct Application {
  std::int64_t id = 0, asOf = 0;
  std::string items;
};

std::optional<Application> openApplication(db::Transaction& transaction, std::string_view workspace,
                                           std::string_view digest) {
  db::Rows rows = transaction.query(
      "SELECT id, started_at, items FROM retention_application WHERE workspace = $1 AND digest = $2 AND "
      "finished_at = 0 ORDER BY id LIMIT 1",
      {workspace, digest});
  if (!rows.next()) return std::nullopt;
  return Application{rows.integer(0), planMoment(rows.integer(1)), rows.text(2)};
}

/// The plan with this digest, as of this hour or the one before: it was read before it was applied.
RetentionPlan planOf(db::Transaction& transaction, std::string_view workspace, std::string_view digest,
                     std::int64_t now) {
  RetentionPlan plan = planRetention(transaction, workspace, planMoment(now));
  if (plan.digest == digest) return plan;
  RetentionPlan earlier = planRetention(transaction, workspace, planMoment(now) - hour);
  if (earlier.digest == digest) return earlier;
  throw error(Code::conflict,
              "the plan has changed: it now archives or deletes {} versions. Nothing was done; read the new plan "
              "(regesta retention "
              "plan) and apply that",
              plan.items.size());
}

Application begin(registry::Change& change, std::string_view workspace, std::string_view digest) {
  if (auto open = openApplication(change.transaction, workspace, digest)) return *std::move(open);
  RetentionPlan plan = planOf(change.transaction, workspace, digest, change.now);
  Application made{0, planMoment(change.now), canonicalJson(itemsJson(plan.items))};
  made.id = change.transaction.insert(
      "INSERT INTO retention_application (workspace, digest, items, started_at, started_by, finished_at, outcome) "
      "VALUES ($1, $2, $3, $4, $5, 0, '') RETURNING id",
      {workspace, digest, made.items, change.now, change.actor.name});
  change.record(registry::Action::retentionApplied, std::string(workspace), fmt::format("retention/{}", made.id),
                {{"plan", digest}, {"versions", plan.items.size()}});
  return made;
}

/// Who deletes: may write everywhere, and administers nothing, so that the gate keeps what is cited.
access::Identity clerk(const registry::Actor& actor, std::string_view workspace) {
  return {actor, {{"contributor", std::string(workspace), "*"}}, false};
}

/// One version; throws Error when it may not go any more.
void letGo(registry::Change& change, const PlannedItem& item, std::int64_t asOf) {
  if (std::string reason = reasonToKeep(change.transaction, item, asOf); !reason.empty())
    throw Error(Code::refused, reason);
  registry::Version version = registry::findVersionById(change.transaction, item.version).value();
  if (item.act == RetentionAct::archive) {
    access::Identity administrator{change.actor, {{"admin", item.key.workspace, "*"}}, false};
    registry::archiveVersion(change, version, governance::archival(change.transaction, administrator, version),
                             item.rules);
    return;
  }
  registry::Removal removal = governance::Gate::removal(change, clerk(change.actor, item.key.workspace), version,
                                                        governance::Gate::Pointers::keep);
  registry::deleteVersion(change, version, removal, item.rules);
}

/// Whether an earlier call, or somebody else, did it.
bool isDone(db::Transaction& transaction, const PlannedItem& item) {
  auto version = registry::findVersionById(transaction, item.version);
  return !version || (item.act == RetentionAct::archive && version->isArchived());
}

void finish(registry::Change& change, std::string_view workspace, const RetentionProgress& progress) {
  json::object outcome{{"archived", progress.archived},
                       {"deleted", progress.removed},
                       {"plan", progress.digest},
                       {"skipped", progress.skipped.size()}};
  auto done = change.transaction.run(
      "UPDATE retention_application SET finished_at = $2, outcome = $3 WHERE id = $1 AND finished_at = 0",
      {progress.id, change.now, canonicalJson(outcome)});
  if (done > 0)
    change.record(registry::Action::retentionFinished, std::string(workspace), fmt::format("retention/{}", progress.id),
                  std::move(outcome));
}

}  // namespace

RetentionProgress applyRetention(registry::Store& store, const registry::Actor& actor, std::string_view workspace,
                                 std::string_view digest, std::int64_t budgetMillis) {
  std::int64_t started = steadyNowMicros();
  Application application =
      store.change(actor, [&](registry::Change& change) { return begin(change, workspace, digest); });
  std::vector<PlannedItem> items = itemsOf(application.items, workspace);
  RetentionProgress progress{
      .id = application.id, .digest = std::string(digest), .planned = static_cast<std::int64_t>(items.size())};
  for (const PlannedItem& item : items) {
    if (!store.read([&](db::Transaction& transaction) { return isDone(transaction, item); })) {
      if (steadyNowMicros() - started > budgetMillis * 1000) return progress;
      try {
        store.change(actor, [&](registry::Change& change) { letGo(change, item, application.asOf); });
      } catch (const Error& failure) {
        bool stays = failure.code == Code::refused || failure.code == Code::denied || failure.code == Code::conflict ||
                     failure.code == Code::notFound || failure.code == Code::invalidState;
        if (!stays) throw;
        if (!store.read([&](db::Transaction& transaction) { return isDone(transaction, item); })) {
          progress.skipped.push_back({item.subject(), failure.message});
          continue;
        }
      }
    }
    ++(item.act == RetentionAct::archive ? progress.archived : progress.removed);
  }
  progress.finished = true;
  store.change(actor, [&](registry::Change& change) { finish(change, workspace, progress); });
  return progress;
}

}  // namespace regesta::lifecycle
