#include "db/slow_log.h"
#include "suite.h"

namespace regesta::db {
namespace {

class SlowLog : public Suite {
 protected:
  void SetUp() override {
    setSlowStatementMillis(20);
    Suite::SetUp();
  }
  void TearDown() override { setSlowStatementMillis(0); }

  /// What is logged while a million numbers are counted on it.
  std::string logged(std::string_view secret) {
    ::testing::internal::CaptureStderr();
    database().read([&](Transaction& transaction) {
      Rows rows = transaction.query(
          "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000) "
          "SELECT count(*) FROM n WHERE $1 <> ''",
          {secret});
      EXPECT_TRUE(rows.next());
    });
    return ::testing::internal::GetCapturedStderr();
  }
};
REGESTA_ON_BOTH(SlowLog);

TEST_P(SlowLog, HasTheTextOfASlowStatementWithoutItsValues) {
  std::string line = logged("a secret");
  EXPECT_NE(line.find("slow statement"), line.npos);
  EXPECT_NE(line.find("WITH RECURSIVE n(i)"), line.npos) << line;
  EXPECT_EQ(line.find("a secret"), line.npos) << line;
}

TEST_P(SlowLog, LeavesOutWhatIsQuick) {
  setSlowStatementMillis(60'000);
  EXPECT_EQ(logged("x"), "");
}

}  // namespace
}  // namespace regesta::db
