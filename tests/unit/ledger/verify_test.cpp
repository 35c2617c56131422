#include "ledger/verify.h"

#include <fstream>

#include "base/time.h"
#include "fixture.h"
#include "ledger/tile.h"

namespace regesta::ledger {
namespace {

namespace fs = std::filesystem;

class VerifyTest : public LedgerTest {
 protected:
  void SetUp() override {
    LedgerTest::SetUp();
    Log log(*database_, options());
    log.recover();
    for (int i = 0; i < 6; ++i) {
      append(i * 100, 100);
      log.integrate();
      kept_.push_back(log.checkpoint());
    }
    expectSound(600);
  }
  Report verify() {
    crypto::MacKey key = pending();
    return verifyDatabase(*database_, verifier(), {.pending = &key});
  }
  std::string leafOf(std::int64_t index) {
    return database_->reading(
        [&](db::Transaction& transaction) { return readEntries(transaction, index, index + 1)[0].leaf(); });
  }
  /// What only a holder of the ledger's key can do.
  void authenticateAll() {
    database_->write([&](db::Transaction& transaction) {
      for (const Waiting& entry : readWaiting(transaction, INT64_MAX, SIZE_MAX))
        transaction.run("UPDATE ledger_entry SET mac = $2 WHERE id = $1",
                        {entry.id, pendingMac(pending(), entry.salt, entry.time, entry.body)});
    });
  }
  std::string first(const Report& report) {
    return report.findings.empty() ? "nothing found" : report.findings[0].what;
  }

  std::vector<std::string> kept_;
};

TEST_F(VerifyTest, AChangedEntryIsNamed) {
  sql("UPDATE ledger_entry SET body = REPLACE(body, 'user:anna', 'user:mark') WHERE idx = 17");
  Report report = verify();
  ASSERT_EQ(report.findings.size(), 1u) << findingsOf(report);
  EXPECT_EQ(report.findings[0].index, 17);
  std::string leaf = leafOf(17);
  EXPECT_TRUE(first(report).starts_with("entry 17 (alias.moved on model/loan-risk-17#production): its bytes hash to " +
                                        crypto::hex(leafHash(leaf)) + ", the tree has "))
      << first(report);
}

TEST_F(VerifyTest, OneSpaceMoreIsAChange) {
  sql("UPDATE ledger_entry SET body = body || ' ' WHERE idx = 599");
  EXPECT_TRUE(
      first(verify()).starts_with("entry 599 (alias.moved on model/loan-risk-599#production): its bytes hash to "));
}

TEST_F(VerifyTest, DeletedSwappedAndMovedEntriesAreNamed) {
  sql("DELETE FROM ledger_entry WHERE idx = 42");
  Report report = verify();
  EXPECT_EQ(findingsOf(report), "entry 42 is missing\n");
  EXPECT_EQ(report.entries, 599);
  sql("UPDATE ledger_entry SET idx = 42 WHERE idx = 43");
  report = verify();
  ASSERT_EQ(report.findings.size(), 2u) << findingsOf(report);
  EXPECT_EQ(report.findings[0].index, 42);
  EXPECT_EQ(report.findings[1].what, "entry 43 is missing");
}

TEST_F(VerifyTest, AnAddedEntryIsNamed) {
  sql("INSERT INTO ledger_entry (idx, time, body) VALUES (600, $1, '{}')", {nowMicros()});
  EXPECT_EQ(findingsOf(verify()), "entry 600 is not covered by any checkpoint\n");
  sql("UPDATE ledger_entry SET idx = -1 WHERE idx = 600");
  EXPECT_EQ(findingsOf(verify()), "entry -1 is not covered by any checkpoint\n");
  sql("UPDATE ledger_entry SET idx = NULL WHERE idx = -1");
  Report report = verify();
  EXPECT_EQ(report.waiting, 0);
  EXPECT_NE(findingsOf(report).find(" of ledger_entry was not written by this server: its MAC does not verify"),
            std::string::npos)
      << findingsOf(report);
  report = verifyDatabase(*database_, verifier());
  EXPECT_TRUE(report.ok()) << "without the signing key nobody can tell";
  EXPECT_EQ(report.waiting, 1);
  EXPECT_FALSE(report.waitingChecked);
  sql("DELETE FROM ledger_entry WHERE idx IS NULL");
  append(600, 1);
  report = verify();
  EXPECT_TRUE(report.ok()) << "it only waits for its index";
  EXPECT_EQ(report.waiting, 1);
}

TEST_F(VerifyTest, AChangedTimeIsNamed) {
  sql("UPDATE ledger_entry SET time = time + 60000000 WHERE idx = 5");
  Report report = verify();
  ASSERT_GE(report.findings.size(), 3u) << findingsOf(report);
  EXPECT_TRUE(first(report).starts_with("entry 5 (alias.moved on model/loan-risk-5#production): its bytes hash to "));
  EXPECT_TRUE(
      report.findings[1].what.starts_with("entry 5 (alias.moved on model/loan-risk-5#production): the stored time ("));
  EXPECT_EQ(report.findings[2].index, 6);
  EXPECT_TRUE(report.findings[2].what.ends_with("it is older than the entry before it"));
}

TEST_F(VerifyTest, HidingTheChangeInTheHashesIsFound) {
  sql("UPDATE ledger_entry SET body = REPLACE(body, 'user:anna', 'user:mark') WHERE idx = 150");
  std::string leaf = leafOf(150);
  auto patch = [&](int level, std::int64_t number, std::size_t position, const Hash& hash) {
    std::string hashes = database_->reading([&](db::Transaction& transaction) {
      db::Rows rows =
          transaction.query("SELECT hashes FROM ledger_tile WHERE level = $1 AND number = $2", {level, number});
      rows.next();
      return rows.bytes(0);
    });
    hashes.replace(position * 32, 32, crypto::view(hash));
    sql("UPDATE ledger_tile SET hashes = $3 WHERE level = $1 AND number = $2", {level, number, db::Bytes{hashes}});
    return rootOfHashes(std::string_view(hashes).substr(0, hashes.size() / 32 == 256 ? hashes.size() : 32));
  };
  Hash above = patch(0, 0, 150, leafHash(leaf));
  std::string found = findingsOf(verify());
  EXPECT_NE(found.find("tile/1/000.p/2: hash 0 is "), std::string::npos) << found;
  EXPECT_NE(found.find("entries 0 to 255 give "), std::string::npos) << found;
  // With every hash made to fit, the signed checkpoints still tell, and the kept earlier ones tell where.
  patch(1, 0, 0, above);
  found = findingsOf(verify());
  EXPECT_NE(found.find("the log was altered at or after entry 100"), std::string::npos) << found;
  sql("DELETE FROM ledger_checkpoint");
  found = findingsOf(verify());
  EXPECT_NE(found.find("the signed checkpoint of 600 entries has the root"), std::string::npos) << found;
  EXPECT_NE(found.find("the log was altered at or after entry 0"), std::string::npos) << found;
  found = findingsOf(verifyDatabase(*database_, verifier(), {.kept = kept_}));
  EXPECT_NE(found.find("the kept checkpoint number 2 of 200 entries"), std::string::npos) << found;
  EXPECT_NE(found.find("the log was altered at or after entry 100"), std::string::npos) << found;
}

TEST_F(VerifyTest, ARewrittenLogContradictsAKeptCheckpoint) {
  // The administrator has the key: changes an entry, forgets all indexes and lets a server build a new, perfect log.
  sql("UPDATE ledger_entry SET body = REPLACE(body, 'user:anna', 'user:mark'), idx = NULL WHERE idx = 150");
  sql("UPDATE ledger_entry SET idx = NULL");
  authenticateAll();
  sql("DELETE FROM ledger_tile");
  sql("DELETE FROM ledger_checkpoint");
  sql("UPDATE ledger_head SET size = 0, time = 0, note = ''");
  fs::remove_all(tiles());
  Log log(*database_, options());
  log.recover();
  EXPECT_TRUE(verify().ok()) << "nobody can tell from the database alone";
  std::string found = findingsOf(verifyDatabase(*database_, verifier(), {.kept = {kept_[5]}}));
  EXPECT_TRUE(found.starts_with("the kept checkpoint of 600 entries has the root ")) << found;
  EXPECT_TRUE(verifyDatabase(*database_, verifier(), {.kept = {kept_[0]}}).ok()) << "the first hundred are unchanged";
  found = findingsOf(verifyFolder(tiles(), verifier(), {.kept = {kept_[5]}}));
  EXPECT_TRUE(found.starts_with("the kept checkpoint of 600 entries has the root ")) << found;
}

TEST_F(VerifyTest, ATruncatedLogContradictsAKeptCheckpoint) {
  Report report =
      verifyDatabase(*database_, verifier(), {.kept = {signCheckpoint({verifier().name, 601, emptyRoot()}, key_)}});
  EXPECT_EQ(findingsOf(report), "the kept checkpoint covers 601 entries, the log has only 600\n");
  report = verifyDatabase(*database_, verifier(), {.kept = {"nonsense"}});
  EXPECT_EQ(findingsOf(report),
            "the kept checkpoint does not verify: the note has no blank line before its signatures\n");
}

TEST_F(VerifyTest, AForeignKeyAndAForgedCheckpointAreFound) {
  VerifierKey foreign{"example.com/test-ledger", crypto::generateKeyPair().publicKey};
  EXPECT_TRUE(first(verifyDatabase(*database_, foreign))
                  .starts_with("the signed checkpoint does not verify: there is no signature by the key"));
  EXPECT_FALSE(verifyFolder(tiles(), foreign).ok());
  sql("UPDATE ledger_head SET note = REPLACE(note, '600', '599')");
  EXPECT_EQ(first(verify()),
            "the signed checkpoint does not verify: the signature by example.com/test-ledger does not match the text");
}

TEST_F(VerifyTest, ManyFindingsAreCounted) {
  sql("UPDATE ledger_entry SET body = body || ' ' WHERE idx >= 100");
  Report report = verify();
  EXPECT_EQ(report.findings.size(), 20u);
  EXPECT_EQ(report.findings[0].index, 100);
  EXPECT_EQ(report.further, 480);
}

TEST_F(VerifyTest, EveryByteOfTheFolderCounts) {
  for (const auto& entry : fs::recursive_directory_iterator(tiles())) {
    if (!entry.is_regular_file()) continue;
    std::string path = entry.path().string(), bytes = *file::readFile(path);
    // Partial tiles of earlier sizes lie there too; nobody needs them.
    auto tile = parseTilePath(fs::relative(entry.path(), tiles()).string());
    if (tile && tile->width != widthIn(tile->level, tile->number, 600)) continue;
    for (std::size_t at = 0; at < bytes.size(); at += 1 + bytes.size() / 5) {
      std::string bad = bytes;
      bad[at] = static_cast<char>(bad[at] ^ 1);
      std::ofstream(path, std::ios::binary) << bad;
      EXPECT_FALSE(verifyFolder(tiles(), verifier()).ok()) << path << " byte " << at;
    }
    fs::remove(path);
    if (tile) EXPECT_FALSE(verifyFolder(tiles(), verifier()).ok()) << path << " removed";
    std::ofstream(path, std::ios::binary) << bytes;
  }
  EXPECT_TRUE(verifyFolder(tiles(), verifier()).ok());
  EXPECT_EQ(thrown(Code::notFound, [&] { verifyFolder(folder_.string(), verifier()); }),
            fmt::format("there is no ledger in {}: it has no file named checkpoint", folder_.string()));
}

}  // namespace
}  // namespace regesta::ledger
