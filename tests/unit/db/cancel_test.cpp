#include <atomic>
#include <latch>
#include <thread>

#include "base/limits_work.h"
#include "base/work.h"
#include "suite.h"

namespace regesta::db {
namespace {

using namespace std::chrono_literals;

class Cancelled : public Suite {};
REGESTA_ON_BOTH(Cancelled);

/// Would take minutes.
constexpr std::string_view endless =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000) SELECT COUNT(*) FROM n";

void readEndlessly(Database& database) {
  database.read([](Transaction& transaction) {
    Rows rows = transaction.query(endless);
    rows.next();
  });
}

TEST_P(Cancelled, AStatementStopsWhenItsTimeIsOver) {
  Cancellation cancellation(Cancellation::Clock::now() + 200ms);
  {
    WorkScope scope({Lane::scan, "user:rex", &cancellation});
    thrown(Code::tooLarge, [&] { readEndlessly(database()); });
  }
  EXPECT_TRUE(cancellation.observed());
  EXPECT_EQ(number("SELECT 1"), 1) << "the connection is of use again";
}

TEST_P(Cancelled, AStatementStopsWhenItsCallerHasGone) {
  Cancellation cancellation;
  std::jthread caller([&] {
    std::this_thread::sleep_for(200ms);
    cancellation.cancel();
  });
  WorkScope scope({Lane::scan, "user:rex", &cancellation});
  thrown(Code::unavailable, [&] { readEndlessly(database()); });
}

TEST_P(Cancelled, SlowScansLeaveConnectionsForEverythingElse) {
  run("CREATE TABLE thing (id BIGINT)");
  constexpr int scans = 3 * static_cast<int>(limits::scanThreads);
  Cancellation cancellation;
  std::atomic<int> ended = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < scans; ++i)
      threads.emplace_back([&] {
        WorkScope scope({Lane::scan, "user:rex", &cancellation});
        try {
          readEndlessly(database());
        } catch (const Error&) {
          ++ended;
        }
      });
    for (int i = 0; i < 20; ++i) {
      run("INSERT INTO thing VALUES ($1)", {i});
      EXPECT_EQ(number("SELECT COUNT(*) FROM thing"), i + 1);
    }
    EXPECT_EQ(ended, 0);
    cancellation.cancel();  // also those that still wait for a connection
  }
  EXPECT_EQ(ended, scans);
}

}  // namespace
}  // namespace regesta::db
