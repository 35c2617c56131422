#include "ledger/log.h"

#include "base/time.h"
#include "fixture.h"
#include "ledger/receipt.h"
#include "ledger/tile.h"

namespace regesta::ledger {
namespace {

namespace fs = std::filesystem;

TEST_F(LedgerTest, AnEmptyLogHasASignedCheckpoint) {
  Log log(*database_, options());
  log.recover();
  auto checkpoint = openCheckpoint(log.checkpoint(), verifier());
  ASSERT_TRUE(checkpoint) << checkpoint.error();
  EXPECT_EQ(checkpoint->size, 0);
  EXPECT_EQ(checkpoint->root, emptyRoot());
  EXPECT_EQ(file::readFile(tiles() + "/checkpoint"), log.checkpoint());
}

TEST_F(LedgerTest, EntriesGetIndexesInOrderAndReceiptsVerify) {
  Log log(*database_, options());
  log.recover();
  std::int64_t last = append(0, 700);
  EXPECT_EQ(log.integrate(), 700u);
  EXPECT_EQ(log.integrate(), 0u);
  EXPECT_EQ(log.size(), 700);
  EXPECT_EQ(log.indexOf(last, 0), 699);
  for (std::int64_t index : {0, 1, 255, 256, 511, 512, 698, 699}) {
    auto logged = log.entry(index);
    ASSERT_TRUE(logged);
    EXPECT_EQ(parseJson(logged->body).at("data").at("to").as_int64(), index);
    auto checkpoint = verifyReceipt(log.receipt(index), logged->disclosure(), verifier());
    ASSERT_TRUE(checkpoint) << checkpoint.error();
    EXPECT_EQ(checkpoint->size, 700);
    auto wrong = verifyReceipt(log.receipt(index), logged->disclosure() + " ", verifier());
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error(), fmt::format("the entry's bytes are not what the log has at index {}", index));
  }
  EXPECT_FALSE(log.entry(700));
  EXPECT_FALSE(log.entry(-1));
  EXPECT_EQ(thrown(Code::notFound, [&] { log.receipt(700); }), "the ledger has no entry 700");
  EXPECT_EQ(thrown(Code::notFound, [&] { log.receipt(-1); }), "the ledger has no entry -1");
  expectSound(700);
}

TEST_F(LedgerTest, EveryRoundExtendsEveryEarlierCheckpoint) {
  Log log(*database_, options());
  log.recover();
  std::vector<Checkpoint> seen{*openCheckpoint(log.checkpoint(), verifier())};
  int total = 0;
  for (int batch : {1, 1, 2, 60, 191, 1, 1, 255, 256, 257, 600}) {
    append(total, batch);
    total += batch;
    EXPECT_EQ(log.integrate(), static_cast<std::size_t>(batch));
    Checkpoint now = *openCheckpoint(log.checkpoint(), verifier());
    EXPECT_EQ(now.size, total);
    for (const Checkpoint& old : seen) {
      EXPECT_TRUE(verifyConsistency(old.size, now.size, log.consistencyProof(old.size, now.size), old.root, now.root));
    }
    seen.push_back(now);
    expectSound(total);
  }
}

TEST_F(LedgerTest, TilesFromTheDatabaseAreTheTilesOnDisk) {
  Log log(*database_, options());
  log.recover();
  append(0, 3000);
  while (log.integrate() > 0) {
  }
  int compared = 0;
  for (const Tile& tile : tilesBetween(0, 3000)) {
    auto served = tile.level == entryLevel ? log.entryBundle(tile.number, tile.width)
                                           : log.tile(tile.level, tile.number, tile.width);
    ASSERT_TRUE(served) << tilePath(tile);
    EXPECT_EQ(file::readFile(tiles() + "/" + tilePath(tile)), served) << tilePath(tile);
    ++compared;
  }
  EXPECT_EQ(compared, 12 + 12 + 1);
  // What an earlier, smaller tree had is still answered; what no tree has is not.
  EXPECT_EQ(log.tile(0, 11, 5)->size(), 160u);
  EXPECT_EQ(log.tile(1, 0, 11)->size(), 352u);
  EXPECT_FALSE(log.tile(0, 11, 185));
  EXPECT_FALSE(log.tile(1, 0, 12));
  EXPECT_FALSE(log.tile(0, 12, 1));
  EXPECT_FALSE(log.tile(0, -1, 1));
  EXPECT_FALSE(log.tile(-1, 0, 1));
  EXPECT_FALSE(log.tile(63, 0, 1));
  EXPECT_FALSE(log.tile(7, INT64_MAX, 256));
  EXPECT_FALSE(log.tile(0, INT64_MAX, 256));
  EXPECT_FALSE(log.tile(0, 0, 257));
  EXPECT_FALSE(log.tile(0, 0, 0));
  EXPECT_FALSE(log.entryBundle(11, 185));
  EXPECT_FALSE(log.entryBundle(INT64_MAX, 256));
  EXPECT_FALSE(fs::exists(tiles() + "/tile/0/000.p")) << "partial tiles go once the full one is there";
  auto logged = log.entry(2999);
  EXPECT_TRUE(verifyReceipt(log.receipt(2999), logged->disclosure(), verifier()));
  Checkpoint now = *openCheckpoint(log.checkpoint(), verifier());
  CompactRange prefix;
  database_->read([&](db::Transaction& transaction) {
    forEach(transaction, [&](const Logged& each) {
      if (prefix.size() < 2817) prefix.append(leafHash(each.leaf()));
    });
  });
  EXPECT_TRUE(verifyConsistency(2817, now.size, log.consistencyProof(2817, now.size), prefix.root(), now.root));
  expectSound(3000);
}

TEST_F(LedgerTest, WithoutAFolderNothingIsWrittenAndEverythingIsServed) {
  auto none = options();
  none.folder.clear();
  Log log(*database_, none);
  log.recover();
  append(0, 300);
  log.integrate();
  EXPECT_EQ(log.tile(0, 0, 256)->size(), 8192u);
  EXPECT_EQ(parseBundle(*log.entryBundle(1, 44))->size(), 44u);
  EXPECT_FALSE(fs::exists(tiles()));
}

TEST_F(LedgerTest, TheBackgroundThreadIntegratesAfterAWake) {
  Log log(*database_, options());
  log.recover();
  log.start();
  for (int i = 0; i < 20; ++i) {
    std::int64_t id = append(i, 1);
    log.wake();
    EXPECT_EQ(log.indexOf(id, 5000), i);
  }
  std::int64_t unannounced = append(20, 1);
  EXPECT_EQ(log.indexOf(unannounced, 5000), 20) << "without a wake as well";
  log.stop();
  EXPECT_EQ(log.indexOf(append(21, 1), 50), std::nullopt) << "nobody integrates any more";
  EXPECT_EQ(log.indexOf(999'999, 5000), std::nullopt) << "an id that does not exist is not waited for";
  log.integrate();
  expectSound(22);
}

TEST_F(LedgerTest, NothingWaitsAfterAStop) {
  Log log(*database_, options());
  log.recover();
  for (int i = 0; i < 5; ++i) {
    log.start();
    append(i * 30, 30);
    log.stop();
    expectSound((i + 1) * 30);
  }
}

TEST_F(LedgerTest, ManyWritersWhileTheIntegratorRuns) {
  Log log(*database_, options());
  log.recover();
  log.start();
  std::vector<std::thread> writers;
  std::atomic<int> missing{0};
  for (int w = 0; w < 8; ++w) {
    writers.emplace_back([&, w] {
      for (int i = 0; i < 100; ++i) {
        std::int64_t id = append(w * 100 + i, 1);
        log.wake();
        if (i % 25 != 0) continue;
        auto index = log.indexOf(id, 10'000);
        if (!index || !verifyReceipt(log.receipt(*index), log.entry(*index)->disclosure(), verifier())) ++missing;
      }
    });
  }
  for (auto& writer : writers) writer.join();
  log.stop();
  EXPECT_EQ(missing, 0);
  expectSound(800);
}

TEST_F(LedgerTest, ASecondLogOnTheSameDatabaseTakesTurns) {
  Log first(*database_, options());
  first.recover();
  auto elsewhere = options();
  elsewhere.folder = (folder_ / "second").string();
  Log second(*database_, elsewhere);
  second.recover();
  int total = 0;
  for (int i = 0; i < 30; ++i) {
    append(total, 37);
    total += 37;
    (i % 2 ? first : second).integrate();
    EXPECT_EQ(first.inclusionProof(0, total), second.inclusionProof(0, total));
  }
  first.integrate();
  second.integrate();
  EXPECT_EQ(first.checkpoint(), second.checkpoint());
  expectSound(total);
  EXPECT_TRUE(verifyFolder(elsewhere.folder, verifier()).ok());
}

TEST_F(LedgerTest, WhatWasRolledBackIsNotInTheLog) {
  Log log(*database_, options());
  log.recover();
  append(0, 3);
  EXPECT_THROW(database_->write([&](db::Transaction& transaction) {
    ledger::append(transaction, entry(3), pending());
    throw Error(Code::conflict, "no");
  }),
               Error);
  append(4, 1);
  log.integrate();
  EXPECT_EQ(log.size(), 4);
  EXPECT_EQ(parseJson(log.entry(3)->body).at("data").at("to").as_int64(), 4);
  expectSound(4);
}

TEST_F(LedgerTest, AClockThatJumpsBackMakesNoEntryOlder) {
  Log log(*database_, options());
  log.recover();
  append(0, 2);
  log.integrate();
  // Another process whose clock is an hour behind.
  for (int i = 2; i < 4; ++i) {
    std::int64_t time = nowMicros() - 3'600'000'000;
    insertAt(time, entry(i));
  }
  log.integrate();
  std::string before;
  for (int i = 0; i < 4; ++i) {
    json::value body = parseJson(log.entry(i)->body);
    std::string time(body.at("time").as_string());
    EXPECT_GE(time, before);
    EXPECT_EQ(canonicalJson(body), log.entry(i)->body);
    before = time;
  }
  expectSound(4);
  // And this process after a start: it begins where the ledger ended.
  std::int64_t future = nowMicros() + 3'600'000'000;
  insertAt(future, entry(4));
  log.integrate();
  Log next(*database_, options());
  next.recover();
  EXPECT_GE(steadyNowMicros(), future);
  append(5, 1);
  next.integrate();
  EXPECT_GE(parseJson(next.entry(5)->body).at("time").as_string(),
            parseJson(next.entry(4)->body).at("time").as_string());
  expectSound(6);
}

TEST_F(LedgerTest, ProofsOfSizesThatAreNotThere) {
  Log log(*database_, options());
  log.recover();
  append(0, 5);
  log.integrate();
  EXPECT_EQ(thrown(Code::notFound, [&] { log.inclusionProof(0, 6); }), "the ledger has 5 entries, not 6");
  EXPECT_EQ(thrown(Code::notFound, [&] { log.inclusionProof(3, 3); }), "a tree of 3 entries has no entry 3");
  thrown(Code::notFound, [&] { log.inclusionProof(-1, 3); });
  thrown(Code::notFound, [&] { log.consistencyProof(2, 6); });
  thrown(Code::invalid, [&] { log.consistencyProof(4, 2); });
  thrown(Code::invalid, [&] { log.consistencyProof(-4, 2); });
}

// A statement that reads the whole log to find a few rows would be slow only with millions of entries; the plan shows
// it now.
TEST_F(LedgerTest, QueriesUseTheirIndexes) {
  for (const char* query :
       {"SELECT id, time, body, salt, mac FROM ledger_entry WHERE idx IS NULL AND refused IS NULL ORDER BY id LIMIT "
        "4096",
        "SELECT id, time, body, salt, mac FROM ledger_entry WHERE refused IS NOT NULL ORDER BY id LIMIT 5",
        "SELECT idx FROM ledger_entry WHERE salt = x'00' AND idx IS NOT NULL AND id <> 7",
        "SELECT salt FROM ledger_entry WHERE salt IS NOT NULL AND idx IS NOT NULL ORDER BY salt DESC LIMIT 1",
        "SELECT idx, id, time, body, salt FROM ledger_entry WHERE idx >= 300 AND idx < 556 ORDER BY idx",
        "SELECT idx, id, time, body, salt FROM ledger_entry WHERE idx = 17",
        "SELECT idx FROM ledger_entry WHERE idx IS NOT NULL ORDER BY idx DESC LIMIT 1",
        "UPDATE ledger_entry SET idx = id - 1, mac = '' WHERE id >= 30 AND id < 90 AND idx IS NULL AND refused IS "
        "NULL"}) {
    std::string plan;
    database_->write([&](db::Transaction& transaction) {
      db::Rows rows = transaction.query(std::string("EXPLAIN QUERY PLAN ") + query);
      while (rows.next()) plan += rows.text(3) + "\n";
    });
    bool overIndex = plan.find("USING INDEX") != std::string::npos ||
                     plan.find("USING COVERING INDEX") != std::string::npos ||
                     plan.find("USING INTEGER PRIMARY KEY") != std::string::npos;
    EXPECT_TRUE(overIndex) << query << "\n" << plan;
    EXPECT_EQ(plan.find("TEMP B-TREE"), std::string::npos) << query << "\n" << plan;
  }
}

TEST_F(LedgerTest, OriginsThatCannotBeSigned) {
  for (const char* origin : {"", "two words", "plus+sign"}) {
    auto bad = options();
    bad.origin = origin;
    thrown(Code::invalid, [&] { Log log(*database_, bad); });
  }
}

}  // namespace
}  // namespace regesta::ledger
