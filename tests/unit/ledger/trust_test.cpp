// What somebody who can write to the database, and does not have the ledger's key, cannot do.
#include "base/encoding.h"
#include "base/time.h"
#include "fixture.h"
#include "ledger/kept.h"
#include "ledger/receipt.h"

namespace regesta::ledger {
namespace {

namespace fs = std::filesystem;

class TrustTest : public LedgerTest {
 protected:
  Log::Options kept() const {
    Log::Options with = options();
    with.keptFile = (folder_ / "ledger.head").string();
    return with;
  }
  void fill(int from, int count) {
    Log log(*database_, kept());
    log.recover();
    append(from, count);
    log.integrate();
  }
  std::string found(const std::vector<std::string>& checkpoints = {}) {
    crypto::MacKey key = pending();
    return findingsOf(verifyDatabase(*database_, verifier(), {.kept = checkpoints, .pending = &key}));
  }
  std::int64_t number(std::string_view sql) {
    return database_->reading([&](db::Transaction& transaction) {
      db::Rows rows = transaction.query(sql);
      return rows.next() ? rows.integer(0) : -1;
    });
  }
  /// Copies the database aside, or puts the copy back.
  void copyDatabase(const char* from, const char* to) {
    database_.reset();
    for (const char* suffix : {"-wal", "-shm"}) fs::remove((folder_ / to).string() + suffix);
    fs::copy_file(folder_ / from, folder_ / to, fs::copy_options::overwrite_existing);
    openDatabase();
  }
};

TEST_F(TrustTest, AForgedRowIsNeverSigned) {
  Log log(*database_, kept());
  log.recover();
  append(0, 3);
  log.integrate();
  std::int64_t time = nowMicros();
  std::string salt = newSalt(time), body = encode(entry(3), time);
  sql("INSERT INTO ledger_entry (time, body) VALUES ($1, $2)", {time, body});
  sql("INSERT INTO ledger_entry (time, body, salt, mac) VALUES ($1, $2, $3, $4)",
      {time, body, db::Bytes{salt}, std::string(64, '0')});
  std::int64_t genuine = append(4, 1);
  log.integrate();
  EXPECT_EQ(log.size(), 4) << "the genuine entry behind the forged ones is not kept waiting";
  EXPECT_EQ(log.indexOf(genuine, 0), 3);
  EXPECT_EQ(number("SELECT COUNT(*) FROM ledger_entry WHERE refused IS NOT NULL AND idx IS NULL"), 2);
  std::string all = found();
  EXPECT_NE(all.find("of ledger_entry was not written by this server: its MAC does not verify"), std::string::npos);
  EXPECT_EQ(std::ranges::count(all, '\n'), 2) << all;
  sql("UPDATE ledger_entry SET refused = NULL WHERE idx IS NULL");
  Log(*database_, kept()).recover();
  EXPECT_EQ(number("SELECT COUNT(*) FROM ledger_entry WHERE refused IS NOT NULL"), 2) << "also at the next start";
}

TEST_F(TrustTest, AChangedWaitingEntryIsNeverSigned) {
  Log log(*database_, kept());
  log.recover();
  for (const char* change : {"body = REPLACE(body, 'user:anna', 'user:rita')", "time = time + 1", "salt = NULL",
                             "mac = ''", "mac = UPPER(mac)"}) {
    std::int64_t id = append(0, 1);
    sql(fmt::format("UPDATE ledger_entry SET {} WHERE id = $1", change), {id});
    log.integrate();
    EXPECT_EQ(log.size(), 0) << change;
  }
}

TEST_F(TrustTest, ACopiedEntryIsNotSignedTwice) {
  Log log(*database_, kept());
  log.recover();
  append(0, 1);
  std::int64_t copied = append(1, 1);
  sql("CREATE TABLE aside AS SELECT * FROM ledger_entry");
  append(2, 1);
  log.integrate();
  sql("DROP INDEX ledger_entry_salt");  // whoever can insert can do that as well
  for (int i = 0; i < 2; ++i)
    sql("INSERT INTO ledger_entry (time, body, salt, mac) SELECT time, body, salt, mac FROM aside WHERE id = $1",
        {copied});
  log.integrate();
  EXPECT_EQ(log.size(), 3);
  EXPECT_NE(found().find("it repeats entry 1"), std::string::npos) << found();
  // Two copies of a waiting one: the first is it.
  append(3, 1);
  sql("INSERT INTO ledger_entry (time, body, salt, mac) SELECT time, body, salt, mac FROM ledger_entry "
      "WHERE idx IS NULL AND refused IS NULL");
  log.integrate();
  EXPECT_EQ(log.size(), 4);
}

TEST_F(TrustTest, ARefusalThatTheServerDidNotMakeIsFound) {
  Log log(*database_, kept());
  log.recover();
  std::int64_t id = append(0, 1);
  sql("UPDATE ledger_entry SET refused = 1 WHERE id = $1", {id});
  log.integrate();
  EXPECT_EQ(log.size(), 0);
  EXPECT_NE(found().find("was written by this server, but is marked as refused"), std::string::npos) << found();
}

TEST_F(TrustTest, SwappedRowNumbersAreFound) {
  fill(0, 5);
  EXPECT_EQ(found(), "");
  sql("UPDATE ledger_entry SET id = -1 WHERE idx = 1");
  sql("UPDATE ledger_entry SET id = 2 WHERE idx = 2");
  sql("UPDATE ledger_entry SET id = 3 WHERE idx = 1");
  EXPECT_NE(found().find("entry 1 (alias.moved on model/loan-risk-1#production): its bytes hash to"),
            std::string::npos);
  EXPECT_NE(found().find("entry 2 "), std::string::npos);
}

TEST_F(TrustTest, EveryColumnOfTheLedgersTablesCounts) {
  fill(0, 300);
  for (const char* change :
       {"ledger_entry SET salt = NULL WHERE idx = 7", "ledger_entry SET mac = 'x' WHERE idx = 7",
        "ledger_entry SET refused = 1 WHERE idx = 7", "ledger_entry SET time = time + 1000 WHERE idx = 7",
        "ledger_tile SET bundle = bundle + 1 WHERE level = 0 AND number = 0",
        "ledger_tile SET bundle = bundle + 1 WHERE level = 0 AND number = 1",
        "ledger_tile SET hashes = hashes || x'00' WHERE number = 1", "ledger_tile SET number = 9 WHERE number = 1",
        "ledger_tile SET level = 5 WHERE number = 1", "ledger_head SET time = time + 1000",
        "ledger_head SET size = size - 1", "ledger_checkpoint SET size = 299",
        "ledger_checkpoint SET note = note || 'x'"}) {
    copyDatabase("regesta.db", "sound.db");
    ASSERT_EQ(found(), "") << change;
    database_->write([&](db::Transaction& transaction) { transaction.run("UPDATE OR IGNORE " + std::string(change)); });
    EXPECT_NE(found(), "") << change;
    copyDatabase("sound.db", "regesta.db");
  }
  sql("INSERT INTO ledger_tile (level, number, bundle, hashes) VALUES (0, 77, 0, x'00')");
  EXPECT_NE(found().find("tiles, the tree only"), std::string::npos);
  sql("DELETE FROM ledger_tile WHERE number = 77");
  sql("INSERT INTO ledger_head (id, size, time, note) VALUES (2, 0, 0, '')");
  EXPECT_NE(found().find("2 heads"), std::string::npos);
}

TEST_F(TrustTest, YesterdaysDatabaseIsRefusedThoughTheTilesAreGone) {
  fill(0, 300);
  copyDatabase("regesta.db", "yesterday.db");
  fill(300, 10);
  std::string later = *file::readFile(kept().keptFile);
  copyDatabase("yesterday.db", "regesta.db");
  fs::remove_all(tiles());
  std::string why = thrown(Code::corrupt, [&] { Log(*database_, kept()).recover(); });
  EXPECT_NE(why.find("covers 310 entries but the database has only 300"), std::string::npos) << why;
  EXPECT_NE(why.find("regesta ledger accept-restore"), std::string::npos) << why;
  EXPECT_EQ(file::readFile(kept().keptFile), later);
  EXPECT_NE(found({later}).find("the kept checkpoint covers 310 entries, the log has only 300"), std::string::npos);
  // An empty one is not even begun.
  database_.reset();
  for (const char* suffix : {"", "-wal", "-shm"}) fs::remove((folder_ / "regesta.db").string() + suffix);
  openDatabase();
  db::migrate(*database_);
  why = thrown(Code::corrupt, [&] { Log(*database_, kept()).recover(); });
  EXPECT_NE(why.find("covers 310 entries but the database has only 0"), std::string::npos) << why;
}

TEST_F(TrustTest, ADatabaseThatWasPutBackUnderARunningServerIsNotSignedAnew) {
  Log log(*database_, kept());
  log.recover();
  append(0, 5);
  log.integrate();
  sql("CREATE TABLE e AS SELECT * FROM ledger_entry");
  sql("CREATE TABLE t AS SELECT * FROM ledger_tile");
  sql("CREATE TABLE h AS SELECT * FROM ledger_head");
  append(5, 5);
  log.integrate();
  for (const char* statement : {"DELETE FROM ledger_entry", "DELETE FROM ledger_tile", "DELETE FROM ledger_head",
                                "DELETE FROM ledger_checkpoint",
                                "INSERT INTO ledger_entry (id, idx, time, body, salt, mac, refused) SELECT id, idx, "
                                "time, body, salt, mac, refused "
                                "FROM e",
                                "INSERT INTO ledger_tile SELECT * FROM t", "INSERT INTO ledger_head SELECT * FROM h"})
    sql(statement);
  append(10, 1);
  std::string why = thrown(Code::corrupt, [&] { log.integrate(); });
  EXPECT_NE(why.find("the checkpoint that this server last signed or saw covers 10 entries"), std::string::npos) << why;
  EXPECT_EQ(number("SELECT size FROM ledger_head"), 5);
}

TEST_F(TrustTest, AHeadThatTheKeyDidNotSignIsNotBuiltUpon) {
  Log log(*database_, kept());
  log.recover();
  append(0, 5);
  log.integrate();
  auto foreign = crypto::generateKeyPair();
  sql("UPDATE ledger_head SET note = $1", {signCheckpoint({verifier().name, 5, emptyRoot()}, foreign)});
  append(5, 1);
  thrown(Code::corrupt, [&] { log.integrate(); });
  EXPECT_EQ(number("SELECT size FROM ledger_head"), 5);
}

TEST_F(TrustTest, ADamagedKeptCheckpointIsSaid) {
  fill(0, 3);
  file::replaceFiles({{kept().keptFile, "nonsense"}});
  std::string why = thrown(Code::corrupt, [&] { Log(*database_, kept()).recover(); });
  EXPECT_NE(why.find("ledger.head is not a checkpoint of this ledger"), std::string::npos) << why;
  fs::remove(kept().keptFile);
  Log(*database_, kept()).recover();
  EXPECT_TRUE(fs::exists(kept().keptFile));
}

TEST_F(TrustTest, WhatWaitedAtTheUpgradeIsTakenOverOnceAndOldEntriesStay) {
  writeOldEntries(100);
  std::int64_t time = nowMicros();
  sql("INSERT INTO ledger_entry (time, body) VALUES ($1, $2)", {time, encode(entry(100), time)});
  auto upgrade = kept();
  upgrade.adoptWaiting = true;
  Log log(*database_, upgrade);
  log.recover();
  EXPECT_EQ(log.size(), 101);
  append(101, 300);
  log.integrate();
  expectSound(401);
  EXPECT_EQ(log.entry(7)->leaf(), log.entry(7)->body);
  for (std::int64_t index : {7, 100, 399})
    EXPECT_TRUE(verifyReceipt(log.receipt(index), log.entry(index)->disclosure(), verifier())) << index;
  sql("INSERT INTO ledger_entry (time, body) VALUES ($1, $2)", {time, encode(entry(1), time)});
  Log(*database_, kept()).recover();
  EXPECT_EQ(number("SELECT size FROM ledger_head"), 401);
}

TEST_F(TrustTest, ThePublishedTreeTellsNothingButTime) {
  fill(0, 3);
  Log log(*database_, kept());
  log.recover();
  std::string bundle = *log.entryBundle(0, 3);
  auto leaves = parseBundle(bundle);
  ASSERT_TRUE(leaves && leaves->size() == 3);
  for (std::string_view word : {"anna", "loan-risk", "alias", "default"})
    EXPECT_EQ(bundle.find(word), std::string::npos) << word;
  auto entry = log.entry(1);
  json::object leaf = parseJson((*leaves)[1]).as_object();
  EXPECT_EQ(leaf.at("v").as_int64(), 2);
  EXPECT_EQ(leaf.at("id").as_int64(), entry->id);
  EXPECT_EQ(leaf.at("time"), parseJson(entry->body).at("time"));
  EXPECT_EQ(leaf.at("commitment").as_string(), crypto::sha256Hex(entry->salt + entry->body));
  EXPECT_EQ(canonicalJson(leaf), (*leaves)[1]);
}

TEST_F(TrustTest, ADisclosureHasOneSpelling) {
  fill(0, 2);
  Log log(*database_, kept());
  log.recover();
  std::string receipt = log.receipt(1), sound = log.entry(1)->disclosure();
  EXPECT_TRUE(verifyReceipt(receipt, sound, verifier()));
  EXPECT_TRUE(verifyReceipt(receipt, log.entry(1)->leaf(), verifier())) << "the public leaf, which says nothing";
  std::string twice = sound;
  twice.insert(1, R"("body":{"action":"nothing.bad"},)");
  EXPECT_FALSE(verifyReceipt(receipt, twice, verifier())) << "what a person reads first is not what was committed to";
  EXPECT_FALSE(verifyReceipt(receipt, log.entry(0)->disclosure(), verifier()));
  EXPECT_FALSE(verifyReceipt(receipt, log.entry(1)->body, verifier()));
}

}  // namespace
}  // namespace regesta::ledger
