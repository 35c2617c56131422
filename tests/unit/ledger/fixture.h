#pragma once
#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"
#include "base/id.h"
#include "base/log.h"
#include "db/database.h"
#include "db/migrate.h"
#include "ledger/entry.h"
#include "ledger/leaf.h"
#include "ledger/log.h"
#include "ledger/pending.h"
#include "ledger/verify.h"
#include "support/thrown.h"

namespace regesta::ledger {

/// A data directory with a migrated SQLite database, a ledger key and a folder for tiles.
class LedgerTest : public testing::Test {
 protected:
  void SetUp() override {
    setLogLevel(LogLevel::error);
    folder_ = std::filesystem::temp_directory_path() / ("regesta-ledger-" + randomHex(6));
    std::filesystem::create_directories(folder_);
    openDatabase();
    db::migrate(*database_);
  }
  void TearDown() override {
    file::failAt(0, 0);
    database_.reset();
    std::filesystem::remove_all(folder_);
  }

  void openDatabase() { database_ = db::openSqlite({.path = (folder_ / "regesta.db").string()}); }
  std::string tiles() const { return (folder_ / "ledger").string(); }
  Log::Options options() const { return {.origin = "example.com/test-ledger", .key = key_, .folder = tiles()}; }
  VerifierKey verifier() const { return {"example.com/test-ledger", key_.publicKey}; }

  static Entry entry(int number) {
    return {.action = "alias.moved",
            .actor = "user:anna",
            .workspace = "default",
            .subject = fmt::format("model/loan-risk-{}#production", number),
            .data = {{"to", number}}};
  }
  /// Appends entries numbered from `from`, in one transaction each batch. Returns the id of the last one.
  std::int64_t append(int from, int count) {
    return database_->writing([&](db::Transaction& transaction) {
      std::int64_t id = 0;
      for (int i = 0; i < count; ++i) id = ledger::append(transaction, entry(from + i), pending());
      return id;
    });
  }
  crypto::MacKey pending() const { return pendingKey(key_.seed); }
  /// A row that whoever has the key put there with the time of its choice. Returns its id.
  std::int64_t insertAt(std::int64_t time, const Entry& what) {
    std::string body = encode(what, time), salt = newSalt(time);
    return database_->writing([&](db::Transaction& transaction) {
      return transaction.insert("INSERT INTO ledger_entry (time, body, salt, mac) VALUES ($1, $2, $3, $4) RETURNING id",
                                {time, body, db::Bytes{salt}, pendingMac(pending(), salt, time, body)});
    });
  }
  /// Entries as versions before salts left them: their body is the leaf. At most a tile of them, in an empty database.
  void writeOldEntries(int count) {
    TileEdge edge;
    std::vector<TileEdge::Change> completed;
    std::int64_t bundle = 0, time = 1'700'000'000'000'000;
    database_->write([&](db::Transaction& transaction) {
      for (int i = 0; i < count; ++i) {
        std::string body = encode(entry(i), ++time);
        bundle += static_cast<std::int64_t>(body.size()) + 2;
        edge.append(leafHash(body), completed);
        transaction.run("INSERT INTO ledger_entry (idx, time, body) VALUES ($1, $2, $3)", {i, time, body});
      }
      for (const auto& [tile, hashes] : edge.partials())
        transaction.run("INSERT INTO ledger_tile (level, number, bundle, hashes) VALUES ($1, $2, $3, $4)",
                        {tile.level, tile.number, bundle, db::Bytes{hashes}});
      transaction.run("UPDATE ledger_head SET size = $1, time = $2, note = $3 WHERE id = 1",
                      {count, time, signCheckpoint({verifier().name, count, edge.root()}, key_)});
    });
  }
  void sql(std::string_view text, db::Params params = {}) {
    database_->write([&](db::Transaction& transaction) { transaction.run(text, params); });
  }
  std::string findingsOf(const Report& report) {
    std::string all;
    for (const auto& finding : report.findings) all += finding.what + "\n";
    return all;
  }
  void expectSound(std::int64_t entries) {
    Report database = verifyDatabase(*database_, verifier());
    EXPECT_EQ(findingsOf(database), "");
    EXPECT_EQ(database.entries, entries);
    Report folder = verifyFolder(tiles(), verifier());
    EXPECT_EQ(findingsOf(folder), "");
    EXPECT_EQ(folder.entries, entries);
    EXPECT_EQ(folder.checkpoint, database.checkpoint);
  }

  std::filesystem::path folder_;
  crypto::KeyPair key_ = crypto::generateKeyPair();
  std::unique_ptr<db::Database> database_;
};

}  // namespace regesta::ledger
