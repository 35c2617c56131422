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
#include "ledger/log.h"
#include "ledger/verify.h"

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
    return database_->writing([&](db::Session& session) {
      std::int64_t id = 0;
      for (int i = 0; i < count; ++i) id = ledger::append(session, entry(from + i));
      return id;
    });
  }
  void sql(std::string_view text, db::Params params = {}) {
    database_->write([&](db::Session& session) { session.run(text, params); });
  }
  static std::string message(const std::function<void()>& fn, Code code) {
    try {
      fn();
    } catch (const Error& failure) {
      EXPECT_EQ(codeName(failure.code), codeName(code)) << failure.message;
      return failure.message;
    }
    ADD_FAILURE() << "nothing was thrown";
    return "";
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
