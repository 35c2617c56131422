#include <algorithm>
#include <map>
#include <set>

#include "base/error.h"
#include "base/id.h"
#include "base/limits_records.h"
#include "crypto/hash.h"
#include "db/json_items.h"
#include "ledger/merkle.h"
#include "record/record.h"
#include "record/row.h"

namespace regesta::record {
namespace {

constexpr std::size_t keyBytes = 32;
constexpr std::size_t versionsNamed = 50;  // in one entry

struct Subject {
  std::int64_t id = 0;
  std::string key;
};
using Subjects = std::map<std::string, Subject, std::less<>>;  // by tag

std::string jsonList(const std::vector<std::string>& texts) {
  json::array list;
  for (const std::string& text : texts) list.push_back(json::value(text));
  return json::serialize(list);
}

Subjects knownSubjects(registry::Store& store, std::string_view workspace, const std::vector<std::string>& tags) {
  return store.read([&](db::Transaction& transaction) {
    Subjects known;
    constexpr std::string_view named =
        "record_subject s WHERE s.workspace = $2 AND s.tag = item.value AND s.erased_at = 0";
    auto rows =
        transaction.query(fmt::format("SELECT item.value, (SELECT s.id FROM {0}), (SELECT s.key FROM {0}) FROM {1}",
                                      named, db::jsonTexts(store.database().dialect(), "$1")),
                          {jsonList(tags), workspace});
    while (rows.next())
      if (!rows.isNull(1)) known[rows.text(0)] = {rows.integer(1), rows.text(2)};
    return known;
  });
}

/// The subjects by their tags; new ones get a key.
Subjects subjectsOf(registry::Store& store, std::string_view workspace, const std::vector<std::string>& tags) {
  if (tags.empty()) return {};
  Subjects known = knownSubjects(store, workspace, tags);
  if (known.size() == tags.size()) return known;
  store.write([&](db::Transaction& transaction) {
    for (const std::string& tag : tags)
      if (!known.contains(tag))
        transaction.send(
            "INSERT INTO record_subject (workspace, tag, key, erased_at) VALUES ($1, $2, $3, 0) ON CONFLICT DO NOTHING",
            {workspace, tag, randomHex(keyBytes)});
  });
  return knownSubjects(store, workspace, tags);
}

/// A batch that is ready to be written.
struct Prepared {
  std::vector<Record> records;
  std::set<std::int64_t> subjects;
  std::string digest;
  json::object data;  ///< of the entry
  std::int64_t firstAt = INT64_MAX, lastAt = 0;
};

Prepared prepare(registry::Store& store, std::string_view workspace, const std::vector<NewRecord>& records) {
  std::map<std::string_view, std::string> tagOf;
  for (const NewRecord& one : records)
    if (!one.subject.empty() && !tagOf.contains(one.subject))
      tagOf[one.subject] = rows::subjectTag(store, workspace, one.subject);
  std::vector<std::string> tags;
  tags.reserve(tagOf.size());
  for (const auto& [subject, tag] : tagOf) tags.push_back(tag);
  Subjects subjects = subjectsOf(store, workspace, tags);

  Prepared ready;
  ready.records.reserve(records.size());
  ledger::CompactRange tree;
  std::map<std::string, std::int64_t> about;
  for (const NewRecord& one : records) {
    Record row;
    row.position = static_cast<std::int64_t>(ready.records.size());
    row.cited = one.cited;
    row.at = one.at;
    std::string key;
    if (!one.subject.empty()) {
      auto subject = subjects.find(tagOf.at(one.subject));
      if (subject == subjects.end()) throw Error(Code::conflict, "a subject of the batch was erased meanwhile");
      row.subject = subject->second.id;
      key = subject->second.key;
      ready.subjects.insert(row.subject);
    }
    rows::Sealed sealed = rows::sealBody(one.body, key);
    row.commitment = std::move(sealed.commitment);
    row.stored = std::move(sealed.stored);
    tree.append(ledger::leafHash(row.leaf()));
    ready.firstAt = std::min(ready.firstAt, row.at);
    ready.lastAt = std::max(ready.lastAt, row.at);
    for (const std::string& subject : one.about) ++about[subject];
    ready.records.push_back(std::move(row));
  }
  ready.digest = crypto::hex(tree.root());
  json::object versions;
  for (const auto& [subject, count] : about)
    if (versions.size() < versionsNamed) versions[subject] = count;
  ready.data = {{"digest", ready.digest}, {"records", records.size()}, {"versions", std::move(versions)}};
  return ready;
}

void requireNotErased(db::Transaction& transaction, db::Dialect dialect, const std::set<std::int64_t>& subjects) {
  if (subjects.empty()) return;
  std::vector<std::string> ids;
  ids.reserve(subjects.size());
  for (std::int64_t id : subjects) ids.push_back(std::to_string(id));
  auto erased = transaction.query(fmt::format("SELECT 1 FROM {} WHERE (SELECT s.erased_at FROM record_subject s WHERE "
                                              "s.id = CAST(item.value AS BIGINT)) <> 0 "
                                              "LIMIT 1",
                                              db::jsonTexts(dialect, "$1")),
                                  {jsonList(ids)});
  if (erased.next()) throw Error(Code::conflict, "a subject of the batch was erased meanwhile");
}

/// As it is stored: callers choose idempotency keys, so a key is its caller's own. Names of actors contain no '/'.
std::string ownKey(std::string_view actor, std::string_view key) { return fmt::format("{}/{}", actor, key); }

std::optional<Batch> earlier(db::Transaction& transaction, std::string_view actor, std::string_view workspace,
                             std::string_view key, const std::vector<NewRecord>& records) {
  if (key.empty()) return std::nullopt;
  auto found = transaction.query(
      // Earlier releases stored the key alone.
      fmt::format("SELECT {} FROM record_batch b WHERE b.workspace = $1 AND b.key IN ($2, $3) AND b.created_by = $4",
                  rows::batchColumns),
      {workspace, ownKey(actor, key), key, actor});
  if (!found.next()) return std::nullopt;
  Batch batch = rows::batch(found);
  // Salts differ, so digests do; what both state openly must agree.
  if (batch.records != static_cast<std::int64_t>(records.size()))
    throw error(Code::conflict, "batch {} has the same idempotency key and {} records instead of {}", batch.id,
                batch.records, records.size());
  return batch;
}

Batch store(registry::Change& change, std::string_view workspace, std::string_view key, const Prepared& ready) {
  Batch batch{.id = 0,
              .workspace = std::string(workspace),
              .digest = ready.digest,
              .records = static_cast<std::int64_t>(ready.records.size()),
              .firstAt = ready.firstAt,
              .lastAt = ready.lastAt,
              .createdAt = change.now,
              .createdBy = change.actor.name};
  std::optional<std::string> given;
  if (!key.empty()) given = ownKey(change.actor.name, key);
  batch.id = change.transaction.insert(
      "INSERT INTO record_batch (workspace, key, digest, records, first_at, last_at, created_at, created_by, "
      "expired_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0) RETURNING id",
      {workspace, given, batch.digest, batch.records, batch.firstAt, batch.lastAt, batch.createdAt, batch.createdBy});
  for (const Record& row : ready.records)
    change.transaction.send(
        "INSERT INTO decision_record (batch, position, asset, number, prompt, prompt_number, at, subject, commitment, "
        "body) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        {batch.id, row.position, row.cited.asset, row.cited.number, row.cited.prompt, row.cited.promptNumber, row.at,
         row.subject, row.commitment, db::Bytes{row.stored}});
  change.record(registry::Action::recordsSealed, batch.workspace, batch.entrySubject(), ready.data);
  return batch;
}

}  // namespace

Batch seal(registry::Store& target, const registry::Actor& actor, std::string_view workspace,
           const std::vector<NewRecord>& records, std::string_view key) {
  if (records.size() > limits::recordBatch)
    throw error(Code::tooLarge, "a batch has at most {} records, this one has {}", limits::recordBatch, records.size());
  if (auto known = target.read([&](db::Transaction& t) { return earlier(t, actor.name, workspace, key, records); }))
    return *known;
  constexpr int tries = 3;  // a subject may be erased between preparing and writing
  for (int attempt = 1;; ++attempt) {
    try {
      Prepared ready = prepare(target, workspace, records);
      return target.change(actor, [&](registry::Change& change) {
        if (auto known = earlier(change.transaction, actor.name, workspace, key, records)) return *known;
        requireNotErased(change.transaction, target.database().dialect(), ready.subjects);
        return store(change, workspace, key, ready);
      });
    } catch (const Error& fault) {
      if (fault.code != Code::conflict || attempt == tries) throw;
    }
  }
}

}  // namespace regesta::record
