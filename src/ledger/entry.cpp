#include "ledger/entry.h"

#include <initializer_list>
#include <utility>

#include "base/error.h"
#include "base/limits.h"
#include "base/text.h"
#include "base/time.h"
#include "ledger/leaf.h"
#include "ledger/pending.h"

namespace regesta::ledger {

std::string encode(const Entry& entry, std::int64_t timeMicros) {
  std::string out;
  JsonWriter writer(out);
  // The members are in canonical order already.
  writer.object();
  writer.key("action").text(entry.action);
  writer.key("actor").text(entry.actor);
  writer.key("data").raw(canonicalJson(entry.data));
  if (!entry.rows.empty()) writer.key("rows").raw(entry.rows);
  writer.key("subject").text(entry.subject);
  writer.key("time").text(formatTime(timeMicros / 1000));
  writer.key("v").number(1);
  writer.key("workspace").text(entry.workspace);
  writer.end();
  if (!isUtf8(out)) throw error(Code::invalid, "the ledger entry {} is not valid UTF-8", entry.action);
  if (out.size() > limits::ledgerEntry) {
    throw error(Code::tooLarge, "the ledger entry {} would have {} bytes; {} is the limit", entry.action, out.size(),
                limits::ledgerEntry);
  }
  return out;
}

db::Rows send(db::Transaction& transaction, const Entry& entry, const crypto::MacKey& key) {
  // No look at the entry before: on PostgreSQL that would make any two writers collide. This clock never runs backwards
  // within the process, Log::recover() starts it at the last entry's time, and the integrator sees to the rest.
  std::int64_t time = steadyNowMicros();
  std::string body = encode(entry, time), salt = newSalt(time);
  return transaction.send("INSERT INTO ledger_entry (time, body, salt, mac) VALUES ($1, $2, $3, $4) RETURNING id",
                          {time, body, db::Bytes{salt}, pendingMac(key, salt, time, body)});
}

std::int64_t append(db::Transaction& transaction, const Entry& entry, const crypto::MacKey& key) {
  db::Rows id = send(transaction, entry, key);
  id.next();
  return id.integer(0);
}

}  // namespace regesta::ledger
