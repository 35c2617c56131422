#include "base/error.h"
#include "base/json.h"
#include "base/time.h"
#include "crypto/hash.h"
#include "ledger/merkle.h"
#include "record/record.h"
#include "record/row.h"

namespace regesta::record {
namespace {

constexpr std::int64_t orphansNamed = 10;

/// A record with what its subject's row says; no tag: the row is missing.
struct Stored {
  Record record;
  std::optional<std::string> tag;
};
using Visit = std::function<void(const Stored&)>;

void readBatch(db::Transaction& transaction, std::int64_t batch, std::string_view body, const Visit& visit) {
  auto rows = transaction.query(
      fmt::format("SELECT r.batch, r.position, r.asset, r.number, r.prompt, r.prompt_number, r.at, r.subject, "
                  "r.commitment, {}, COALESCE(s.key, ''), COALESCE(s.erased_at, 0), s.tag FROM decision_record r LEFT "
                  "JOIN record_subject s ON s.id = r.subject WHERE r.batch = $1 ORDER BY r.position",
                  body),
      {batch});
  while (rows.next()) {
    Stored one{rows::record(rows), rows.maybeText(12)};
    visit(one);
  }
}

/// Compares what a batch holds with its row, which is governed.
std::int64_t checkTree(db::Transaction& transaction, const Batch& batch, std::string_view body, const Report& report,
                       const Visit& visit) {
  ledger::CompactRange tree;
  std::int64_t next = 0;
  readBatch(transaction, batch.id, body, [&](const Stored& stored) {
    const Record& one = stored.record;
    if (one.position != next)
      report("record/" + one.id(),
             fmt::format("record {} is not the next of its batch: {} is missing", one.id(), next));
    next = one.position + 1;
    if (one.subject != 0 && !stored.tag)
      report("record/" + one.id(), fmt::format("the subject of record {} is missing", one.id()));
    tree.append(ledger::leafHash(one.leaf()));
    visit(stored);
  });
  if (batch.expiredAt != 0) {
    if (tree.size() != 0)
      report(batch.entrySubject(), fmt::format("batch {} has expired and still has records", batch.id));
  } else if (tree.size() != batch.records) {
    report(batch.entrySubject(),
           fmt::format("batch {} has {} records, the ledger has {}", batch.id, tree.size(), batch.records));
  } else if (crypto::hex(tree.root()) != batch.digest) {
    report(batch.entrySubject(),
           fmt::format("the records of batch {} are not what the ledger has; `regesta record verify` names them",
                       batch.id));
  }
  return tree.size();
}

/// What the body says must be what the row says, by which records are found.
void checkBody(const registry::Store& store, const Batch& batch, const Stored& stored, const std::string& text) {
  const Record& one = stored.record;
  json::value parsed = parseJson(text);
  const json::object& body = parsed.as_object();
  std::string subject = memberText(body, "subject");
  if (memberText(body, "at") != formatTime(one.at))
    throw error(Code::corrupt, "record {} has another time than its row", one.id());
  bool same = subject.empty() ? one.subject == 0
                              : stored.tag && *stored.tag == rows::subjectTag(store, batch.workspace, subject);
  if (!same) throw error(Code::corrupt, "record {} has another subject than its row", one.id());
}

}  // namespace

std::int64_t checkRecords(db::Transaction& transaction, const Report& report) {
  std::int64_t checked = 0;
  std::vector<Batch> batches;
  auto found = transaction.query(fmt::format("SELECT {} FROM record_batch b ORDER BY b.id", rows::batchColumns));
  while (found.next()) batches.push_back(rows::batch(found));
  for (const Batch& batch : batches) checked += checkTree(transaction, batch, "NULL", report, [](const Stored&) {});
  auto orphans = transaction.query(
      "SELECT DISTINCT r.batch FROM decision_record r WHERE NOT EXISTS (SELECT 1 FROM record_batch b WHERE b.id = "
      "r.batch) LIMIT $1",
      {orphansNamed});
  while (orphans.next())
    report(
        fmt::format("record-batch/{}", orphans.integer(0)),
        fmt::format("records of batch {} are in the database, but no ledger entry made the batch", orphans.integer(0)));
  return checked;
}

std::int64_t checkBatch(db::Transaction& transaction, const registry::Store& store, const Batch& batch,
                        const Report& report) {
  return checkTree(transaction, batch, "r.body", report, [&](const Stored& stored) {
    try {
      std::string text = stored.record.open();
      if (!text.empty()) checkBody(store, batch, stored, text);
    } catch (const Error& fault) {
      report("record/" + stored.record.id(), fault.message);
    }
  });
}

}  // namespace regesta::record
