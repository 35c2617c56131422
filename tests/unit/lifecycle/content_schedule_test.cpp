#include "lifecycle/content_schedule.h"

#include <filesystem>

#include "base/id.h"
#include "base/time.h"
#include "blob/pack_store.h"
#include "lifecycle/pack_turn.h"
#include "registry/tree.h"
#include "support/store_test.h"

namespace regesta::lifecycle {

namespace fs = std::filesystem;
constexpr std::int64_t day = 24 * 3'600'000;

class ContentScheduleTest : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    folder_ = fs::temp_directory_path() / ("regesta-content-" + randomHex(6));
    fs::create_directories(folder_);
    blobs_ = blob::openPacks(folder_.string(), store_->database());
  }
  void TearDown() override {
    blobs_.reset();
    fs::remove_all(folder_);
    StoreTest::TearDown();
  }
  void put(const std::string& text, bool used) {
    blob::Stored stored = blob::put(*blobs_, text);
    if (used)
      write([&](db::Transaction& t) { registry::putFile(t, "default", "a/" + stored.digest, stored, {"user:anna"}); });
  }
  /// As if `millis` had passed since everything that happened so far.
  void pass(std::int64_t millis) {
    write([&](db::Transaction& t) {
      t.run(
          "UPDATE blob_object SET touched_at = touched_at - $1, condemned_at = CASE WHEN condemned_at = 0 THEN 0 ELSE "
          "condemned_at - $1 END",
          {millis});
      t.run("UPDATE blob_pack SET condemned_at = condemned_at - $1 WHERE condemned_at > 0", {millis});
      t.run("UPDATE blob_upload SET at = at - $1", {millis});
      t.run("UPDATE server_lease SET until = until - $1", {millis});
    });
  }
  fs::path folder_;
  std::unique_ptr<blob::PackStore> blobs_;
};
REGESTA_ON_BOTH(ContentScheduleTest);

TEST_P(ContentScheduleTest, CollectsOnceInItsTimeAndKeepsWhatIsUsed) {
  put("used", true);
  put("unused", false);
  ContentSchedule schedule(*store_, blobs_->packs(), day);
  EXPECT_EQ(schedule.round(), 0u);
  pass(8 * day);
  EXPECT_EQ(schedule.round(), 0u) << "condemned";
  EXPECT_EQ(count("blob_object WHERE condemned_at > 0"), 1);
  pass(day / 2);
  EXPECT_EQ(schedule.round(), 0u) << "not due";
  ContentSchedule restarted(*store_, blobs_->packs(), day);
  pass(day);
  EXPECT_GE(restarted.round(), 1u);
  EXPECT_EQ(count("blob_object"), 1);
}

TEST_P(ContentScheduleTest, MergesSmallPacksUnlessAnotherCallHasTheTurn) {
  for (int i = 0; i < 20; ++i) put("file " + std::to_string(i), true);
  auto packs = [&] { return count("blob_pack WHERE condemned_at = 0"); };
  ASSERT_EQ(packs(), 20);
  ContentSchedule schedule(*store_, blobs_->packs(), day);
  {
    PackTurn turn(*store_);
    EXPECT_EQ(schedule.round(), 0u);
    EXPECT_EQ(packs(), 20);
  }
  EXPECT_EQ(schedule.round(), 20u);
  EXPECT_EQ(packs(), 1);
}

}  // namespace regesta::lifecycle
