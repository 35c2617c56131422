#include "tracking/client_content.h"

#include "crypto/hash.h"

namespace regesta::tracking {
namespace {

/// The lines of a stream, which lie in rows of any number of lines. Empty if there are none.
std::string linesDigest(db::Transaction& transaction, const Run& run, std::string_view stream) {
  crypto::Sha256 hash;
  db::Rows rows =
      transaction.query("SELECT body FROM wandb_line WHERE run = $1 AND stream = $2 ORDER BY first", {run.row, stream});
  bool any = false;
  while (rows.next()) {
    any = true;
    hash.update(rows.view(0));
    hash.update("\n");
  }
  return any ? crypto::hex(hash.finish()) : std::string();
}

}  // namespace

json::object clientContent(db::Transaction& transaction, const Run& run) {
  json::object content;
  db::Rows rows = transaction.query("SELECT config, summary FROM wandb_run WHERE run = $1", {run.row});
  if (!rows.next()) return content;
  std::string config = rows.text(0), summary = rows.text(1);
  if (config != "{}") content["config"] = crypto::sha256Hex(config);
  if (summary != "{}") content["summary"] = crypto::sha256Hex(summary);
  for (std::string_view stream : {"history", "events", "logs"}) {
    if (stream == "logs" && !isTerminal(run.status)) continue;  // they come until the run ends
    if (std::string digest = linesDigest(transaction, run, stream); !digest.empty()) content[stream] = digest;
  }
  return content;
}

bool isClientContentShort(db::Transaction& transaction, const Run& run) {
  constexpr std::int64_t manyBytes = 4 << 20;  // some 10 ms
  db::Rows rows = transaction.query("SELECT COALESCE(SUM(LENGTH(body)), 0) FROM wandb_line WHERE run = $1", {run.row});
  return !rows.next() || rows.integer(0) <= manyBytes;
}

}  // namespace regesta::tracking
