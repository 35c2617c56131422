// ledger_writer FOLDER SIZE: writes a ledger of SIZE entries below FOLDER, with what its clients would have seen on the
// way, for the Go programs that share no code with it:
//   key                  the verifier key
//   ledger/              the tiles
//   checkpoints/N        each signed checkpoint that was shown
//   receipts/N, N.entry  receipts and the entries they are for
//   consistency/A-B      consistency proofs, one base64 hash a line
#include <cstdio>
#include <filesystem>
#include <set>

#include "base/encoding.h"
#include "base/file.h"
#include "base/text.h"
#include "db/migrate.h"
#include "ledger/checkpoint.h"
#include "ledger/entry.h"
#include "ledger/log.h"

using namespace regesta;

namespace {

constexpr std::string_view origin = "example.com/regesta-test";
constexpr std::int64_t oldEntries = 100;  // fewer than a tile

ledger::Entry entry(std::int64_t number) {
  return {.action = "version.created",
          .actor = "user:anna",
          .workspace = "default",
          .subject = fmt::format("model/loan-risk@{}", number),
          .data = {{"note", std::string(static_cast<std::size_t>(number % 200), 'x')}}};
}

/// The first entries as versions before salts left them: the body is the leaf.
void writeOldEntries(db::Database& database, const crypto::KeyPair& key, std::int64_t count) {
  ledger::TileEdge edge;
  std::vector<ledger::TileEdge::Change> completed;
  std::int64_t bundle = 0, time = 1'700'000'000'000'000;
  database.write([&](db::Transaction& transaction) {
    for (std::int64_t i = 0; i < count; ++i) {
      std::string body = ledger::encode(entry(i), ++time);
      bundle += static_cast<std::int64_t>(body.size()) + 2;
      edge.append(ledger::leafHash(body), completed);
      transaction.run("INSERT INTO ledger_entry (idx, time, body) VALUES ($1, $2, $3)", {i, time, body});
    }
    for (const auto& [tile, hashes] : edge.partials())
      transaction.run("INSERT INTO ledger_tile (level, number, bundle, hashes) VALUES ($1, $2, $3, $4)",
                      {tile.level, tile.number, bundle, db::Bytes{hashes}});
    std::string note = ledger::signCheckpoint({std::string(origin), count, edge.root()}, key);
    transaction.run("UPDATE ledger_head SET size = $1, time = $2, note = $3 WHERE id = 1", {count, time, note});
  });
}

/// Sizes at which a checkpoint is shown: around powers of two and of 256, and the end.
std::set<std::int64_t> stops(std::int64_t size) {
  std::set<std::int64_t> all{0, size};
  for (std::int64_t power = 1; power <= size; power *= 2) {
    for (std::int64_t near : {power - 1, power, power + 1}) {
      if (near <= size) all.insert(near);
    }
  }
  return all;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: ledger_writer FOLDER SIZE\n", stderr);
    return 2;
  }
  std::string folder = argv[1];
  std::int64_t size = parseInteger(argv[2]).value_or(0);
  std::filesystem::create_directories(folder);
  auto database = db::openSqlite({.path = folder + "/regesta.db"});
  db::migrate(*database);
  crypto::KeyPair key = crypto::generateKeyPair();
  writeOldEntries(*database, key, std::min(size, oldEntries));
  ledger::Log log(*database, {.origin = std::string(origin), .key = key, .folder = folder + "/ledger"});
  log.recover();
  std::vector<file::FileContent> files{{folder + "/key", log.verifierKey() + "\n"}};
  std::set<std::int64_t> shown = stops(size);
  shown.erase(shown.begin(), shown.lower_bound(std::min(size, oldEntries)));  // what the former version showed
  std::int64_t done = log.size();
  for (std::int64_t stop : shown) {
    database->write([&](db::Transaction& transaction) {
      for (std::int64_t i = done; i < stop; ++i) ledger::append(transaction, entry(i), log.pendingKey());
    });
    while (log.integrate() > 0) {
    }
    done = stop;
    files.push_back({fmt::format("{}/checkpoints/{}", folder, stop), log.checkpoint()});
  }
  for (std::int64_t from : shown) {
    for (std::int64_t to : shown) {
      if (from > to) continue;
      std::string lines;
      for (const auto& hash : log.consistencyProof(from, to)) lines += base64Encode(crypto::view(hash)) + "\n";
      files.push_back({fmt::format("{}/consistency/{}-{}", folder, from, to), lines});
    }
  }
  for (std::int64_t index : stops(size)) {
    if (index >= size) continue;
    files.push_back({fmt::format("{}/receipts/{}", folder, index), log.receipt(index)});
    files.push_back({fmt::format("{}/receipts/{}.entry", folder, index), log.entry(index)->disclosure()});
  }
  file::replaceFiles(files);
  std::printf("%lld entries, %zu checkpoints\n", static_cast<long long>(log.size()), shown.size());
}
