#include <fstream>

#include "base/time.h"
#include "blob/pack_collect.h"
#include "blob/pack_reindex.h"
#include "pack_fixture.h"

namespace regesta::blob {
namespace {

namespace fs = std::filesystem;
constexpr std::int64_t later = 1000LL * 3600 * 24 * 365;

class MaintenanceTest : public testing::Test {
 protected:
  MaintenanceTest() { reopen(); }
  void reopen() { store_ = openPacks(scratch_.blobs().string(), scratch_.database()); }
  Packs& packs() { return store_->packs(); }
  std::int64_t rows(const std::string& table) {
    return scratch_.database().reading([&](db::Transaction& transaction) {
      db::Rows rows = transaction.query("SELECT count(*) FROM " + table);
      rows.next();
      return rows.integer(0);
    });
  }
  void dropIndex() {
    scratch_.database().write([](db::Transaction& transaction) {
      for (const char* table : {"blob_use", "blob_hook", "blob_object", "blob_pack"})
        transaction.run(fmt::format("DELETE FROM {}", table));
    });
    reopen();
  }
  std::vector<Digest> fill() {
    std::vector<Digest> digests;
    for (std::uint64_t i = 0; i < 12; ++i) digests.push_back(put(*store_, noise(30'000 * i, i)).digest);
    digests.push_back(put(*store_, noise(90'000, 3) + noise(300'000, 10)).digest);  // of chunks that others have
    digests.push_back(putPieces(*store_, noise(80'000'000, 99), 1'000'000).digest);
    return digests;
  }
  void expectAll(const std::vector<Digest>& digests) {
    for (const Digest& digest : digests) EXPECT_TRUE(verify(*store_, digest)) << digest;
  }
  Scratch scratch_;
  std::unique_ptr<PackStore> store_;
};

TEST_F(MaintenanceTest, TheIndexIsRebuiltFromThePacksAlone) {
  std::vector<Digest> digests = fill();
  while (rewritePacks(packs(), nowMillis()) > 0) {
  }
  std::int64_t objects = rows("blob_object"), hooks = rows("blob_hook");
  dropIndex();
  EXPECT_FALSE(store_->has(digests.front()));
  Reindexed done = reindex(packs());
  EXPECT_TRUE(done.damaged.empty());
  EXPECT_EQ(rows("blob_object"), objects);
  EXPECT_GE(rows("blob_hook"), hooks);
  expectAll(digests);
  Reindexed again = reindex(packs());
  EXPECT_EQ(again.newPacks + again.newObjects, 0u);
}

TEST_F(MaintenanceTest, AReindexNamesWhatIsMissing) {
  std::string content = noise(200'000, 1);
  put(*store_, content);
  put(*store_, content + "more");
  std::vector<fs::path> files = scratch_.packs();
  ASSERT_EQ(files.size(), 2u);
  fs::remove(fs::file_size(files[0]) > fs::file_size(files[1]) ? files[0] : files[1]);
  EXPECT_EQ(reindex(packs()).damaged.size(), 1u);
  dropIndex();
  EXPECT_EQ(reindex(packs()).incomplete.size(), 1u);
}

TEST_F(MaintenanceTest, SmallPacksAreMerged) {
  std::vector<Digest> digests;
  for (int i = 0; i < 40; ++i) digests.push_back(put(*store_, fmt::format("small {}", i)).digest);
  EXPECT_EQ(scratch_.packs().size(), 40u);
  auto open = store_->open(digests[7]);
  EXPECT_EQ(rewritePacks(packs(), nowMillis()), 40u);
  EXPECT_EQ(rewritePacks(packs(), nowMillis()), 0u);
  expectAll(digests);
  std::int64_t now = nowMillis() + later;
  EXPECT_EQ(collectPacks(packs(), now, now - 1, true).removed, 40u);
  EXPECT_EQ(scratch_.packs().size(), 41u);
  EXPECT_EQ(collectPacks(packs(), now, now - 1, false).removed, 40u);
  EXPECT_EQ(scratch_.packs().size(), 1u);
  expectAll(digests);
  std::string content(7, '\0');
  EXPECT_EQ(open->read(0, content), 7u);  // a reader that was open finds its bytes where they are now
  reopen();
  expectAll(digests);
}

TEST_F(MaintenanceTest, WhatIsRemovedFreesItsBytes) {
  std::vector<Digest> digests = fill();
  std::string kept = noise(5'000'000, 50);
  Digest dropped = put(*store_, kept + noise(20'000'000, 51)).digest;
  Digest rest = put(*store_, kept).digest;
  EXPECT_TRUE(store_->remove(dropped));
  while (rewritePacks(packs(), nowMillis()) > 0) {
  }
  std::int64_t now = nowMillis() + later;
  collectPacks(packs(), now, now - 1, false);
  collectPacks(packs(), now + 2, now + 1, false);
  std::uint64_t bytes = 0;
  for (const fs::path& pack : scratch_.packs()) bytes += fs::file_size(pack);
  EXPECT_LT(bytes, 80'000'000u + 5'000'000u + 3'000'000u);
  digests.push_back(rest);
  expectAll(digests);
  dropIndex();
  reindex(packs());
  expectAll(digests);
}

TEST_F(MaintenanceTest, ACondemnedPackThatAnUploadSharesStays) {
  std::string content = noise(400'000, 60);
  Digest first = put(*store_, content).digest;
  auto writer = store_->create();
  writer->write(content);  // finds the chunks in the pack
  EXPECT_TRUE(store_->remove(first));
  std::int64_t now = nowMillis() + later;
  EXPECT_EQ(collectPacks(packs(), now, now - 1, false).condemned, 1u);
  writer->write("and more");
  Digest second = writer->commit().digest;
  EXPECT_EQ(collectPacks(packs(), now + 10, now + 9, false).removed, 0u);
  EXPECT_TRUE(verify(*store_, second));
}

TEST_F(MaintenanceTest, AnUploadThatSharesARemovedPackFails) {
  std::string content = noise(400'000, 61);
  Digest first = put(*store_, content).digest;
  auto writer = store_->create();
  writer->write(content);
  EXPECT_TRUE(store_->remove(first));
  std::int64_t now = nowMillis() + later;
  collectPacks(packs(), now, now - 1, false);
  EXPECT_EQ(collectPacks(packs(), now + 10, now + 9, false).removed, 1u);
  writer->write("and something else");
  EXPECT_EQ(thrownCode([&] { writer->commit(); }), Code::unavailable);
  EXPECT_TRUE(verify(*store_, put(*store_, content).digest));
}

TEST_F(MaintenanceTest, StrayFilesGoAfterTheGracePeriod) {
  Digest digest = put(*store_, "kept").digest;
  fs::path shelf = scratch_.blobs() / "packs" / "ab";
  fs::create_directories(shelf);
  std::ofstream(shelf / ("ab" + std::string(30, '0') + ".pack")) << "published, never registered";
  std::int64_t now = nowMillis();
  EXPECT_EQ(collectPacks(packs(), now, now - 1'000'000, false).strays, 0u);
  EXPECT_EQ(collectPacks(packs(), now + later, now + later, false).strays, 1u);
  EXPECT_EQ(scratch_.packs().size(), 1u);
  EXPECT_TRUE(verify(*store_, digest));
}

TEST_F(MaintenanceTest, ABackupKeepsPacks) {
  auto kept = keepPacks(scratch_.blobs().string());
  EXPECT_EQ(thrownCode([&] { collectPacks(packs(), 2, 1, false); }), Code::unavailable);
  kept.reset();
  collectPacks(packs(), 2, 1, false);
}

TEST_F(MaintenanceTest, WholeFilesMoveIntoPacks) {
  auto files = openLocal(scratch_.blobs().string());
  std::vector<Digest> digests;
  for (std::uint64_t i = 0; i < 10; ++i) digests.push_back(put(*files, noise(i * 100'000, i)).digest);
  Digest rotten = put(*files, noise(50'000, 70)).digest;
  std::ofstream(scratch_.blobs() / rotten.substr(0, 2) / rotten.substr(2)) << "something else";
  EXPECT_TRUE(convertWholeFiles(*store_, nowMillis() - 1).more);
  Converted done = convertWholeFiles(*store_, nowMillis() + later);
  EXPECT_EQ(done.files, 10u);
  EXPECT_EQ(done.damaged, std::vector<Digest>{rotten});
  std::size_t left = 0;
  files->list([&](const Stored&) { ++left; });
  EXPECT_EQ(left, 1u);
  expectAll(digests);
  EXPECT_FALSE(verify(*store_, rotten));
}

TEST_F(MaintenanceTest, AScrubFindsEveryFlippedByte) {
  Digest digest = put(*store_, noise(200'000, 80)).digest;
  auto pack = packs().index().packAfter(0);
  auto pace = [](std::size_t) {};
  EXPECT_EQ(faultOfPack(packs(), *pack, pace), "");
  fs::path file = scratch_.packs().front();
  for (std::uint64_t at = 0; at < fs::file_size(file); at += 997) {
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    auto change = [&] {
      stream.seekg(static_cast<std::streamoff>(at));
      char byte = static_cast<char>(stream.get() ^ 4);
      stream.seekp(static_cast<std::streamoff>(at));
      stream.put(byte);
      stream.flush();
    };
    change();
    EXPECT_NE(faultOfPack(packs(), *pack, pace), "") << at;
    change();
  }
  EXPECT_EQ(faultOfPack(packs(), *pack, pace), "");
  EXPECT_NE(packs().index().pack(pack->id)->damagedAt, 0);
}

// Each write, fsync and rename of a rewrite fails once: everything can still be read, and repeating it succeeds.
TEST_F(MaintenanceTest, EveryFailingOperationOfARewrite) {
  std::vector<Digest> digests;
  for (int i = 0; i < 40; ++i) digests.push_back(put(*store_, fmt::format("small {}", i)).digest);
  for (int nth = 1;; ++nth) {
    file::failAt(nth, ENOSPC, true);
    bool failed = false;
    try {
      rewritePacks(packs(), nowMillis());
    } catch (const Error&) {
      failed = true;
    }
    file::failAt(0, 0);
    EXPECT_EQ(scratch_.spools(), 0u);
    reopen();
    expectAll(digests);
    if (!failed) break;
    ASSERT_LT(nth, 30);
  }
  dropIndex();
  reindex(packs());
  expectAll(digests);
}

}  // namespace
}  // namespace regesta::blob
