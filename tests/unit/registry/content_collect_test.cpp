#include "registry/content_collect.h"

#include <filesystem>
#include <random>

#include "base/id.h"
#include "base/limits_content.h"
#include "base/time.h"
#include "blob/pack_store.h"
#include "registry/blob_alias.h"
#include "registry/storage_quota.h"
#include "registry/tree.h"
#include "registry/xorb.h"
#include "support/registry_test.h"

namespace regesta::registry {

namespace fs = std::filesystem;

class ContentCollectTest : public RegistryTest {
 protected:
  void SetUp() override {
    RegistryTest::SetUp();
    folder_ = fs::temp_directory_path() / ("regesta-collect-" + randomHex(6));
    fs::create_directories(folder_);
    reopen();
  }
  void TearDown() override {
    blobs_.reset();
    fs::remove_all(folder_);
    RegistryTest::TearDown();
  }
  void reopen() { blobs_ = blob::openPacks(folder_.string(), store_->database()); }
  blob::Stored put(const std::string& bytes) { return blob::put(*blobs_, bytes); }
  void refer(const std::string& path, const blob::Stored& stored) {
    write([&](db::Transaction& s) { putFile(s, "default", path, stored, {"user:anna"}); });
  }
  /// Collects as if a grace period was over since everything that happened so far.
  Collected collect(bool dryRun = false) {
    std::int64_t now = nowMillis() + (clock_ += 10'000'000);
    Collected sum;
    for (std::string after;;) {
      Collected page = collectContent(*store_, blobs_->packs(), {"user:anna"}, after,
                                      {.graceMillis = 1000, .uploadMillis = 1000, .now = now, .dryRun = dryRun});
      sum.condemned.insert(sum.condemned.end(), page.condemned.begin(), page.condemned.end());
      sum.removed.insert(sum.removed.end(), page.removed.begin(), page.removed.end());
      if (page.next.empty()) break;
      after = page.next;
    }
    blob::collectPacks(blobs_->packs(), now, now - 1000, dryRun);
    return sum;
  }
  fs::path folder_;
  std::unique_ptr<blob::PackStore> blobs_;
  std::int64_t clock_ = 0;
};
REGESTA_ON_BOTH(ContentCollectTest);

TEST_P(ContentCollectTest, UnusedContentGoesInTwoSteps) {
  blob::Stored kept = put("kept"), gone = put("gone"), back = put("back");
  refer("a/kept", kept);
  EXPECT_EQ(collect(true).condemned.size(), 2u);
  EXPECT_EQ(collect().condemned.size(), 2u);
  EXPECT_TRUE(blobs_->has(gone.digest));
  refer("a/back", back);
  EXPECT_EQ(collect().removed.size(), 1u);
  EXPECT_FALSE(blobs_->has(gone.digest));
  EXPECT_TRUE(blob::verify(*blobs_, kept.digest) && blob::verify(*blobs_, back.digest));
  EXPECT_TRUE(blob::verify(*blobs_, put("gone").digest));
}

TEST_P(ContentCollectTest, WhatEvidenceMentionsStays) {
  blob::Stored cited = put("predictions");
  change([&](Change& c) {
    c.transaction.run(
        "INSERT INTO evidence (workspace, kind, name, number, version, version_digest, type, verified, digest, body, "
        "summary, created_at, created_by, origin, job) VALUES ('default', 'model', 'm', 1, 1, '', 'x', 0, '', $1, '', "
        "0, '', '', 0)",
        {R"({"predictions":"sha256:)" + cited.digest + "\"}"});
    c.record(Action::evidenceAdded, "default", "model/m@1");
  });
  collect();
  EXPECT_TRUE(collect().removed.empty());
  EXPECT_TRUE(blobs_->has(cited.digest));
}

TEST_P(ContentCollectTest, WhatAContentClientStoredStays) {
  blob::Stored stored = put("a data file of DVC");
  write([&](db::Transaction& s) { putBlobAlias(s, "default", "md5:0123", stored, "user:anna"); });
  collect();
  EXPECT_TRUE(collect().removed.empty());
  EXPECT_TRUE(blobs_->has(stored.digest));
}

// A xorb without a file goes like other uploads; one that files use stays as long as clients remember it.
TEST_P(ContentCollectTest, XorbsStayForAWhile) {
  blob::Stored unused = put("no file"), used = put("a file's"), told = put("somebody's");
  auto entry = [](const blob::Stored& stored, char letter, bool uploaded) {
    return Xorb{.hash = std::string(64, letter),
                .actor = "user:anna",
                .digest = stored.digest,
                .chunks = 1,
                .bytes = stored.size,
                .uploaded = uploaded};
  };
  write([&](db::Transaction& s) {
    EXPECT_TRUE(putXorb(s, "default", entry(unused, 'a', true)));
    EXPECT_FALSE(putXorb(s, "default", entry(unused, 'a', true)));
    EXPECT_TRUE(putXorb(s, "default", entry(used, 'b', true)));
    EXPECT_TRUE(putXorb(s, "default", entry(told, 'c', false)));
    useXorb(s, "default", findXorbs(s, "default", std::string(64, 'b')).front(), used.size);
  });
  EXPECT_EQ(collect().condemned.size(), 1u);
  EXPECT_EQ(count("xet_xorb"), 2);
  EXPECT_EQ(collect().removed.size(), 1u);
  EXPECT_FALSE(blobs_->has(unused.digest));
  clock_ += limits::xetXorbMillis;
  collect();
  EXPECT_EQ(count("xet_xorb"), 0);
  EXPECT_EQ(collect().removed.size(), 2u);
}

TEST_P(ContentCollectTest, ForgedXorbsAreFound) {
  blob::Stored stored = put("somebody's");
  Xorb xorb{.hash = std::string(64, 'a'), .actor = "user:anna", .digest = stored.digest, .chunks = 1, .bytes = 1};
  write([&](db::Transaction& s) { putXorb(s, "default", xorb); });
  store_->database().write([](db::Transaction& s) { s.run("UPDATE xet_xorb SET uploaded = 1", {}); });
  EXPECT_EQ(thrownCode([&] { read([&](db::Transaction& s) { return findXorbs(s, "default", xorb.hash); }); }),
            Code::corrupt);
}

TEST_P(ContentCollectTest, UploadsCountUntilFilesAreMadeOfThem) {
  setStorageQuota(100);
  const std::string place = "w" + randomHex(4);  // what was counted is remembered for a while
  Xorb xorb{
      .hash = std::string(64, 'a'), .actor = "user:anna", .digest = "x", .chunks = 2, .bytes = 70, .uploaded = true};
  write([&](db::Transaction& s) { putXorb(s, place, xorb); });
  xorb.hash = std::string(64, 'b');
  auto again = [&] { write([&](db::Transaction& s) { putXorb(s, place, xorb); }); };
  EXPECT_EQ(thrownCode(again), Code::tooLarge);
  auto file = [&](std::uint64_t size, const char* name) {
    write([&](db::Transaction& s) {
      useXorb(s, place, findXorbs(s, place, std::string(64, 'a')).front(), size);
      putBlobAlias(s, place, name, {name, size}, "user:anna");
    });
  };
  file(60, "lfs:one");
  EXPECT_EQ(thrownCode([&] { file(40, "lfs:two"); }), Code::tooLarge);
  xorb.bytes = 30;
  again();
  setStorageQuota(0);
}

// Nothing that is referred to is ever removed, whatever happens in whatever order.
TEST_P(ContentCollectTest, NothingReferredToIsEverRemoved) {
  std::mt19937 random(20261201);
  auto below = [&](std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random); };
  std::string base(900'000, '\0');
  for (char& byte : base) byte = static_cast<char>(random());
  std::map<std::string, std::string> files;  // path to digest
  std::size_t removed = 0;
  for (int step = 0; step < 250; ++step) {
    std::string path = fmt::format("f/{}", below(12));
    switch (below(6)) {
      case 0:
      case 1: {
        // Parts of one content: objects share chunks and packs.
        std::size_t from = below(8) * 100'000;
        blob::Stored stored = put(base.substr(from, 50'000 + below(4) * 100'000));
        refer(path, stored);
        files[path] = stored.digest;
        break;
      }
      case 2: {
        blob::Stored stored = put(fmt::format("small {}", below(30)));
        refer(path, stored);
        files[path] = stored.digest;
        break;
      }
      case 3:
        write([&](db::Transaction& s) { removeTree(s, "default", path); });
        files.erase(path);
        break;
      case 4:
        removed += collect().removed.size();
        break;
      default:
        blob::rewritePacks(blobs_->packs(), nowMillis() + clock_);
    }
    if (step % 50 == 49) reopen();
    if (step % 10 == 9)
      for (const auto& [name, digest] : files) ASSERT_TRUE(blob::verify(*blobs_, digest)) << step << ' ' << name;
  }
  EXPECT_GT(removed, 20u);
}

}  // namespace regesta::registry
