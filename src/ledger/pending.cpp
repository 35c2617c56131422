#include "ledger/pending.h"

#include "ledger/leaf.h"

namespace regesta::ledger {
namespace {

Waiting readRow(db::Rows& rows) {
  return {rows.integer(0), rows.integer(1), rows.text(2), rows.isNull(3) ? std::string() : rows.bytes(3), rows.text(4)};
}

}  // namespace

crypto::MacKey pendingKey(std::string_view secret) {
  return crypto::MacKey::derive(secret, "regesta ledger entry without an index");
}

std::string pendingMac(const crypto::MacKey& key, std::string_view salt, std::int64_t timeMicros,
                       std::string_view body) {
  return key.tag({salt, std::to_string(timeMicros), body});
}

std::vector<Waiting> readWaiting(db::Transaction& transaction, std::int64_t count, std::size_t bytes) {
  std::vector<Waiting> waiting;
  std::size_t sum = 0;
  db::Rows rows = transaction.query(
      "SELECT id, time, body, salt, mac FROM ledger_entry WHERE idx IS NULL AND refused IS NULL ORDER BY id LIMIT $1",
      {count});
  while (sum < bytes && rows.next()) {
    waiting.push_back(readRow(rows));
    sum += waiting.back().body.size();
  }
  return waiting;
}

std::vector<Waiting> readRefused(db::Transaction& transaction, std::int64_t count) {
  std::vector<Waiting> refused;
  db::Rows rows = transaction.query(
      "SELECT id, time, body, salt, mac FROM ledger_entry WHERE refused IS NOT NULL ORDER BY id LIMIT $1", {count});
  while (rows.next()) refused.push_back(readRow(rows));
  return refused;
}

std::string faultOf(db::Transaction& transaction, const Waiting& entry, const crypto::MacKey& key,
                    std::string_view newestSalt) {
  bool authentic =
      entry.salt.size() == saltBytes && key.verify({entry.salt, std::to_string(entry.time), entry.body}, entry.mac);
  if (!authentic) return "was not written by this server: its MAC does not verify";
  if (entry.salt > newestSalt) return {};
  db::Rows rows = transaction.query("SELECT idx FROM ledger_entry WHERE salt = $1 AND idx IS NOT NULL AND id <> $2",
                                    {db::Bytes{entry.salt}, entry.id});
  if (rows.next()) return fmt::format("was not written by this server: it repeats entry {}", rows.integer(0));
  return {};
}

std::string readNewestSalt(db::Transaction& transaction) {
  db::Rows rows = transaction.query(
      "SELECT salt FROM ledger_entry WHERE salt IS NOT NULL AND idx IS NOT NULL ORDER BY salt DESC LIMIT 1");
  return rows.next() ? rows.bytes(0) : std::string();
}

std::int64_t adoptWaiting(db::Database& database, const crypto::MacKey& key) {
  return database.writing([&](db::Transaction& transaction) {
    std::vector<Waiting> bare;
    {
      db::Rows rows = transaction.query(
          "SELECT id, time, body, salt, mac FROM ledger_entry WHERE idx IS NULL AND refused IS NULL AND salt IS NULL");
      while (rows.next()) bare.push_back(readRow(rows));
    }
    for (const Waiting& entry : bare) {
      std::string salt = newSalt(entry.time);
      transaction.run("UPDATE ledger_entry SET salt = $2, mac = $3 WHERE id = $1",
                      {entry.id, db::Bytes{salt}, pendingMac(key, salt, entry.time, entry.body)});
    }
    return static_cast<std::int64_t>(bare.size());
  });
}

}  // namespace regesta::ledger
