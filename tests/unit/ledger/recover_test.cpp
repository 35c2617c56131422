#include <fstream>

#include "fixture.h"
#include "ledger/tile.h"

namespace regesta::ledger {
namespace {

namespace fs = std::filesystem;

/// Every file below a folder with its bytes.
std::map<std::string, std::string> filesBelow(const std::string& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file())
      files[fs::relative(entry.path(), folder).string()] = *file::readFile(entry.path().string());
  }
  return files;
}

void overwrite(const std::string& path, const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; }

class RecoverTest : public LedgerTest {
 protected:
  void fill(int from, int count) {
    Log log(*database_, options());
    log.recover();
    append(from, count);
    while (log.integrate() > 0) {
    }
  }
  void recover() { Log(*database_, options()).recover(); }
  std::string refusal() {
    return thrown(Code::corrupt, [&] { recover(); });
  }
};

TEST_F(RecoverTest, LostAndDamagedTilesAreWrittenAgain) {
  fill(0, 700);
  auto sound = filesBelow(tiles());
  for (const auto& [name, bytes] : sound) {
    bool rightEdge = name.find(".p/") != std::string::npos || name == "checkpoint";
    for (int damage = 0; damage < (rightEdge ? 4 : 3); ++damage) {
      std::string path = tiles() + "/" + name;
      if (damage == 0) fs::remove(path);
      if (damage == 1) overwrite(path, bytes.substr(0, bytes.size() / 2));
      if (damage == 2) overwrite(path, "");
      if (damage == 3) overwrite(path, std::string(bytes.size(), 'x'));
      recover();
      ASSERT_EQ(filesBelow(tiles()), sound) << name << ", damage " << damage;
    }
  }
  fs::remove_all(tiles());
  recover();
  EXPECT_EQ(filesBelow(tiles()), sound) << "the whole folder lost";
  expectSound(700);
}

TEST_F(RecoverTest, ACrashBetweenCommitAndTilesHeals) {
  fill(0, 300);
  {
    auto elsewhere = options();
    elsewhere.folder.clear();  // a round whose process died before it wrote a file
    Log log(*database_, elsewhere);
    log.recover();
    append(300, 500);
    log.integrate();
  }
  EXPECT_EQ(verifyFolder(tiles(), verifier()).entries, 300) << "the files still show the former log, whole";
  EXPECT_TRUE(verifyFolder(tiles(), verifier()).ok());
  recover();
  expectSound(800);
}

TEST_F(RecoverTest, EntriesThatNobodyIntegratedGetTheirIndexAtTheNextStart) {
  fill(0, 10);
  append(10, 5000);
  recover();
  expectSound(5010);
}

TEST_F(RecoverTest, LeftOversOfAPowerCutAreRemoved) {
  fill(0, 300);
  std::string left = tiles() + "/tile/0/.tmp-0123456789abcdef";
  overwrite(left, "half a til");
  overwrite(tiles() + "/.tmp-01", "half a check");
  recover();
  EXPECT_FALSE(fs::exists(left));
  EXPECT_FALSE(fs::exists(tiles() + "/.tmp-01"));
}

// Every write, fsync and rename fails once, by itself or with all later ones. Whatever happened, the published files
// are sound, never ahead of the database and never contradict what was there before; and the next start heals
// everything.
TEST_F(RecoverTest, EveryFailingOperationHeals) {
  fill(0, 250);
  Checkpoint shown = verifyFolder(tiles(), verifier()).checkpoint;
  int total = 250, failures = 0, nth = 1;
  for (bool onwards : {false, true}) {
    for (nth = 1;; ++nth) {
      Log log(*database_, options());
      log.recover();
      append(total, 7);
      total += 7;
      file::failAt(nth, nth % 2 ? ENOSPC : EIO, onwards);
      bool failed = false;
      try {
        log.integrate();
      } catch (const Error& failure) {
        failed = true;
        EXPECT_EQ(failure.code, Code::unavailable);
        EXPECT_NE(failure.message.find(nth % 2 ? "the disk is full" : "the disk reports an input/output error"),
                  std::string::npos)
            << failure.message;
      }
      bool reached = file::operations() >= nth;
      file::failAt(0, 0);
      EXPECT_EQ(failed, reached) << nth;
      failures += failed;
      for (const auto& [name, bytes] : filesBelow(tiles())) EXPECT_EQ(name.find(".tmp-"), std::string::npos) << name;
      Report folder = verifyFolder(tiles(), verifier());
      ASSERT_EQ(findingsOf(folder), "") << nth;
      EXPECT_GE(folder.checkpoint.size, shown.size);
      Report database = verifyDatabase(*database_, verifier(), {.kept = {*file::readFile(tiles() + "/checkpoint")}});
      ASSERT_EQ(findingsOf(database), "") << nth;
      shown = folder.checkpoint;
      if (nth % 2) {
        log.integrate();  // the same process goes on once the disk has room again
      } else {
        recover();
      }
      expectSound(total);
      if (!reached) break;
    }
    EXPECT_GT(nth, 8) << "a round has writes, fsyncs and renames of several files";
  }
  EXPECT_GT(failures, 16);
}

TEST_F(RecoverTest, EveryFailingOperationOfTheRecoveryItselfHeals) {
  fill(0, 300);
  for (int nth = 1;; ++nth) {
    std::filesystem::remove_all(tiles() + "/tile/0");
    file::failAt(nth, EIO);
    bool failed = false;
    try {
      recover();
    } catch (const Error& failure) {
      failed = true;
      EXPECT_EQ(failure.code, Code::unavailable);
    }
    file::failAt(0, 0);
    if (!failed) break;
    recover();
    expectSound(300);
    ASSERT_LT(nth, 50);
  }
  expectSound(300);
}

TEST_F(RecoverTest, TheBackgroundThreadGoesOnAfterAFullDisk) {
  Log log(*database_, options());
  log.recover();
  file::failAt(1, ENOSPC, true);
  log.start();
  std::int64_t id = append(0, 5);
  log.wake();
  EXPECT_EQ(log.indexOf(id, 60'000), 4) << "the database has room, so indexes are given";
  file::failAt(0, 0);
  for (int i = 0; i < 1200 && verifyFolder(tiles(), verifier()).entries < 5; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  log.stop();
  expectSound(5);
}

TEST_F(RecoverTest, ARestoredBackupIsRefused) {
  fill(0, 300);
  database_.reset();
  fs::copy_file(folder_ / "regesta.db", folder_ / "backup.db");
  openDatabase();
  fill(300, 10);
  auto files = filesBelow(tiles());
  database_.reset();
  for (const char* suffix : {"", "-wal", "-shm"}) fs::remove((folder_ / "regesta.db").string() + suffix);
  fs::copy_file(folder_ / "backup.db", folder_ / "regesta.db");
  openDatabase();
  std::string why = refusal();
  EXPECT_NE(why.find("300"), std::string::npos) << why;
  EXPECT_NE(why.find("restored from a backup"), std::string::npos) << why;
  EXPECT_EQ(filesBelow(tiles()), files) << "the evidence is left as it was";
  fs::remove(tiles() + "/checkpoint");
  EXPECT_NE(refusal().find("restored from a backup"), std::string::npos) << "the tiles tell it too";
  // With the partial tiles gone as well there is nothing left on this machine that could tell.
  fs::remove_all(tiles());
  recover();
  expectSound(300);
}

TEST_F(RecoverTest, AForkIsRefused) {
  fill(0, 5);
  std::string published = *file::readFile(tiles() + "/checkpoint");
  // Another history of the same length under the same key.
  database_.reset();
  for (const char* suffix : {"", "-wal", "-shm"}) fs::remove((folder_ / "regesta.db").string() + suffix);
  openDatabase();
  db::migrate(*database_);
  auto elsewhere = options();
  elsewhere.folder.clear();
  Log other(*database_, elsewhere);
  other.recover();
  append(1000, 5);
  other.integrate();
  std::string why = refusal();
  EXPECT_NE(why.find("two histories of one log"), std::string::npos) << why;
  EXPECT_EQ(file::readFile(tiles() + "/checkpoint"), published);
}

TEST_F(RecoverTest, AnotherKeyOrOriginIsRefused) {
  fill(0, 5);
  auto key = std::exchange(key_, crypto::generateKeyPair());
  std::string why = refusal();
  EXPECT_NE(why.find("was not signed by this ledger's key"), std::string::npos) << why;
  key_ = key;
  auto renamed = options();
  renamed.origin = "example.com/another";
  thrown(Code::corrupt, [&] { Log(*database_, renamed).recover(); });
  recover();
  // The folder of another ledger.
  auto foreign = crypto::generateKeyPair();
  overwrite(tiles() + "/checkpoint", signCheckpoint({"example.com/test-ledger", 0, emptyRoot()}, foreign));
  why = refusal();
  EXPECT_NE(why.find("/checkpoint was not signed by this ledger's key"), std::string::npos) << why;
}

TEST_F(RecoverTest, ADatabaseThatContradictsItsHeadIsRefusedAndTheEntryNamed) {
  fill(0, 300);
  sql("UPDATE ledger_entry SET body = REPLACE(body, 'loan-risk-290', 'loan-risk-666') WHERE idx = 290");
  std::string why = refusal();
  EXPECT_TRUE(why.starts_with("entry 290 (alias.moved on model/loan-risk-666#production): its bytes hash to ")) << why;
  sql("UPDATE ledger_entry SET body = REPLACE(body, 'loan-risk-666', 'loan-risk-290') WHERE idx = 290");
  recover();
  sql("DELETE FROM ledger_entry WHERE idx = 299");
  EXPECT_EQ(refusal(), "the database's ledger ends at entry 298 instead of 299");
  sql("UPDATE ledger_head SET size = 299");
  EXPECT_EQ(
      refusal(),
      "the database says that the ledger has 299 entries, its signed checkpoint says 300. Run 'regesta ledger verify'");
}

TEST_F(RecoverTest, ALostHashIsRefused) {
  fill(0, 300);
  sql("UPDATE ledger_tile SET hashes = $1 WHERE level = 1", {db::Bytes{std::string(32, 'x')}});
  EXPECT_NE(refusal().find("its signed checkpoint says"), std::string::npos);
  sql("DELETE FROM ledger_tile WHERE level = 1");
  EXPECT_EQ(refusal(), "the ledger's tile/1/000.p/1 in the database has 0 bytes instead of 32");
}

}  // namespace
}  // namespace regesta::ledger
