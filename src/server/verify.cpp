#include "server/verify.h"

#include <filesystem>

#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"
#include "crypto/timestamp.h"
#include "db/database.h"
#include "db/migrate.h"
#include "governance/replay.h"
#include "ledger/pending.h"
#include "ledger/timestamping.h"
#include "ledger/verify.h"
#include "ledger/verify_cosigned.h"
#include "ledger/witnessing.h"
#include "registry/row_note.h"
#include "server/address.h"
#include "server/ledger_key.h"

namespace regesta::server {
namespace {

namespace fs = std::filesystem;

/// The directory's own signing key, when it is there.
std::optional<LedgerKey> ownKey(const DataCheck& check) {
  std::string file = check.folder + "/keys/ledger.key";
  if (check.folder.empty() || !fs::exists(file)) return std::nullopt;
  return loadOrMakeKey(file, "");
}

ledger::VerifierKey keyOf(const DataCheck& check, const std::optional<LedgerKey>& own) {
  if (!check.key.empty()) {
    auto key = ledger::parseVerifierKey(check.key);
    if (!key) throw error(Code::invalid, "the verifier key is not one: {}", key.error());
    return *key;
  }
  if (check.folder.empty())
    throw error(Code::notFound, "there is no key without a data directory: give the verifier key with --key");
  if (!own)
    throw error(Code::notFound, "cannot find {}/keys/ledger.key; pass the verifier key with --key FILE", check.folder);
  return {own->origin, own->pair.publicKey};
}

void take(DataReport& into, const ledger::Report& report, std::string_view subject) {
  for (const ledger::Finding& finding : report.findings) into.findings.push_back({std::string(subject), finding.what});
  if (report.further > 0)
    into.findings.push_back({std::string(subject), fmt::format("and {} more like these", report.further)});
}

std::unique_ptr<db::Database> openState(const DataCheck& check) {
  requireDatabaseUrl(check.database);
  if (!check.database.empty()) return db::openPostgres(check.database, 2);
  std::string file = check.folder + "/regesta.db";
  if (!fs::exists(file))
    throw error(Code::notFound,
                "{} is not there: --data names a data directory, or a backup of one; when the server keeps its state "
                "in PostgreSQL, add --db postgres://…",
                file);
  // A backup is not locked: no server uses it, so it does not change while it is read.
  bool copy = !fs::exists(check.folder + "/lock");
  return db::openSqlite({.path = file, .readers = 2, .readOnly = true, .immutable = copy});
}

/// The log must extend what the witnesses cosigned, and be cosigned up to its present end.
void checkWitnesses(const DataCheck& check, db::Database& database, const ledger::VerifierKey& key,
                    ledger::VerifyOptions& options, DataReport& report) {
  constexpr std::int64_t notesAtMost = 1000;
  auto [notes, head] = database.reading([](db::Transaction& transaction) {
    return std::pair(ledger::readCosignedNotes(transaction, notesAtMost), ledger::readHead(transaction));
  });
  notes.insert(notes.end(), check.kept.begin(), check.kept.end());
  auto file = check.folder.empty() ? std::nullopt : file::readFile(check.folder + "/ledger/checkpoint.cosigned");
  if (file) notes.push_back(*file);
  ledger::CosignedSearch search = ledger::findCosigned(notes, key, *check.witnesses);
  for (std::string& finding : search.findings) report.findings.push_back({"witnesses", std::move(finding)});
  options.kept.insert(options.kept.end(), search.notes.begin(), search.notes.end());
  report.cosigned = std::move(search.newest);
  if (!report.cosigned) return;
  std::string fault = ledger::uncosignedFault(*report.cosigned, head.size, head.time, check.uncosignedSeconds);
  if (!fault.empty()) report.findings.push_back({"witnesses", std::move(fault)});
}

/// The log must extend each checkpoint that has a timestamp, and the timestamp must be the authority's.
void checkTimestamps(const DataCheck& check, db::Database& database, ledger::VerifyOptions& options,
                     DataReport& report) {
  auto stamps =
      database.reading([](db::Transaction& transaction) { return ledger::readTimestamps(transaction, 10'000); });
  for (const ledger::Stamped& stamped : stamps) {
    auto read = crypto::readTimestamp(stamped.response, crypto::sha256(stamped.note), "", check.timestampCa);
    if (!read) {
      report.findings.push_back(
          {"timestamps", fmt::format("the timestamp of {} entries: {}", stamped.size, read.error())});
      continue;
    }
    options.kept.push_back(stamped.note);
    if (report.timestamps++ > 0) continue;
    report.timestampedSize = stamped.size;
    report.timestampedAt = read->time;
  }
  if (stamps.empty()) report.findings.push_back({"timestamps", "no checkpoint of this ledger has a timestamp"});
}

}  // namespace

DataReport verifyData(const DataCheck& check) {
  auto database = openState(check);
  if (!db::hasSchema(*database))
    throw error(Code::notFound, "{} has no Regesta state",
                check.database.empty() ? check.folder + "/regesta.db" : "the database that --db names");
  db::requireNewestSchema(*database);
  std::optional<LedgerKey> own = ownKey(check);
  ledger::VerifierKey key = keyOf(check, own);
  DataReport report;
  report.key = key.text();
  ledger::VerifyOptions options;
  options.kept = check.kept;
  options.progress = check.progress;
  // The database must extend the published checkpoint.
  std::string tiles = check.folder + "/ledger";
  auto shown = check.folder.empty() ? std::nullopt : file::readFile(tiles + "/checkpoint");
  if (shown) options.kept.push_back(*shown);
  if (auto head = check.folder.empty() ? std::nullopt : file::readFile(check.folder + "/keys/ledger.head"))
    options.kept.push_back(*head);
  if (check.witnesses) checkWitnesses(check, *database, key, options, report);
  if (!check.timestampCa.empty()) checkTimestamps(check, *database, options, report);
  // With the directory's key, waiting entries that a server wrote can be recognized.
  std::optional<crypto::MacKey> pending;
  if (own && own->pair.publicKey == key.publicKey) pending = ledger::pendingKey(own->pair.seed);
  options.pending = pending ? &*pending : nullptr;

  ledger::Report entries = ledger::verifyDatabase(*database, key, options);
  report.entries = entries.entries;
  report.waiting = entries.waiting;
  report.waitingChecked = entries.waitingChecked;
  report.checkpointSize = entries.checkpoint.size;
  report.checkpointRoot = base64Encode(crypto::view(entries.checkpoint.root));
  take(report, entries, "ledger");
  if (pending) registry::setRowKey(registry::rowKey(own->pair.seed));
  governance::Comparison state = governance::compareWithDatabase(*database, options.pending, 50, pending.has_value());
  report.compared = state.compared;
  for (const governance::Difference& difference : state.differences)
    report.findings.push_back({difference.subject, difference.what});
  if (state.further > 0)
    report.findings.push_back({"database", fmt::format("and {} more rows that differ", state.further)});
  if (shown) {
    report.tiles = true;
    ledger::VerifyOptions folder;
    folder.kept = check.kept;
    take(report, ledger::verifyFolder(tiles, key, folder), "tiles");
  }
  return report;
}

}  // namespace regesta::server
