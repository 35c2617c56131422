#include <set>

#include "base/error.h"
#include "base/limits_records.h"
#include "record/record.h"
#include "record/row.h"
#include "registry/hold.h"

namespace regesta::record {
namespace {

/// The holds on versions that the records cite which `condition` ($1) selects.
std::vector<registry::Hold> holdsOn(db::Transaction& transaction, std::string_view condition, std::int64_t value) {
  std::set<std::pair<std::int64_t, std::int64_t>> cited;
  auto found = transaction.query(
      fmt::format("SELECT DISTINCT asset, number, prompt, prompt_number FROM decision_record WHERE {}", condition),
      {value});
  while (found.next()) {
    cited.emplace(found.integer(0), found.integer(1));
    cited.emplace(found.integer(2), found.integer(3));
  }
  std::vector<registry::Hold> holds;
  for (const auto& [id, number] : cited) {
    auto asset = id == 0 ? std::nullopt : registry::findAssetById(transaction, id);
    auto version = asset ? registry::findVersion(transaction, asset->key, number) : std::nullopt;
    if (!version) continue;
    for (registry::Hold& hold : registry::holdsOn(transaction, *version)) holds.push_back(std::move(hold));
  }
  return holds;
}

}  // namespace

std::int64_t erase(registry::Store& store, const registry::Actor& actor, std::string_view workspace,
                   std::string_view subject) {
  std::string tag = rows::subjectTag(store, workspace, subject);
  return store.change(actor, [&](registry::Change& change) {
    db::Transaction& transaction = change.transaction;
    auto known = transaction.query("SELECT id FROM record_subject WHERE workspace = $1 AND tag = $2", {workspace, tag});
    if (!known.next()) throw error(Code::notFound, "workspace '{}' has no records of this subject", workspace);
    std::int64_t id = known.integer(0);
    registry::requireNotHeld(holdsOn(transaction, "subject = $1 AND subject <> 0", id), "the records of this subject",
                             "erased");
    auto counted = transaction.query("SELECT COUNT(*) FROM decision_record WHERE subject = $1 AND subject <> 0", {id});
    std::int64_t records = counted.next() ? counted.integer(0) : 0;
    transaction.run("UPDATE record_subject SET key = '', tag = $2, erased_at = $3 WHERE id = $1",
                    {id, fmt::format("erased/{}", id), change.now});
    change.record(registry::Action::recordsErased, std::string(workspace), fmt::format("record-subject/{}", id),
                  {{"records", records}});
    return records;
  });
}

Expiry expire(registry::Store& store, const registry::Actor& actor, std::string_view workspace, std::int64_t before) {
  return store.change(actor, [&](registry::Change& change) {
    db::Transaction& transaction = change.transaction;
    Expiry expiry;
    std::vector<Batch> due;
    auto found = transaction.query(
        fmt::format("SELECT {} FROM record_batch b WHERE b.workspace = $1 AND b.expired_at = 0 AND b.last_at < $2 "
                    "ORDER BY b.id",
                    rows::batchColumns),
        {workspace, before});
    while (found.next()) due.push_back(rows::batch(found));
    for (const Batch& batch : due) {
      if (expiry.batches == static_cast<std::int64_t>(limits::recordExpiryBatches)) {
        expiry.finished = false;
        break;
      }
      if (!holdsOn(transaction, "batch = $1", batch.id).empty()) {
        ++expiry.held;
        continue;
      }
      transaction.run("DELETE FROM decision_record WHERE batch = $1", {batch.id});
      transaction.run("UPDATE record_batch SET expired_at = $2 WHERE id = $1", {batch.id, change.now});
      change.record(registry::Action::recordsExpired, batch.workspace, batch.entrySubject(),
                    {{"digest", batch.digest}, {"records", batch.records}});
      ++expiry.batches;
      expiry.records += batch.records;
    }
    return expiry;
  });
}

}  // namespace regesta::record
