#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <random>
#include <set>
#include <thread>

#include "suite.h"

namespace regesta::db {
namespace {

constexpr int writers = 8;

/// The child: eight threads write numbered pairs of rows and say each number on the pipe once it is acknowledged.
[[noreturn]] void writeUntilKilled(const std::string& path, int pipe, std::int64_t round) {
  auto database = openSqlite({.path = path});
  database->write([](Transaction& s) {
    s.run("CREATE TABLE IF NOT EXISTS pair (n BIGINT NOT NULL, side TEXT NOT NULL, load TEXT NOT NULL)");
  });
  std::vector<std::thread> threads;
  for (int t = 0; t < writers; ++t)
    threads.emplace_back([&, t] {
      for (std::int64_t i = 0;; ++i) {
        std::int64_t number = (round * writers + t) * 1'000'000 + i;
        database->write([&](Transaction& s) {
          s.run("INSERT INTO pair VALUES ($1, 'left', $2)",
                {number, std::string(static_cast<std::size_t>(number % 3000), 'x')});
          s.run("INSERT INTO pair VALUES ($1, 'right', '')", {number});
        });
        if (::write(pipe, &number, sizeof number) != sizeof number) _exit(1);
      }
    });
  for (auto& thread : threads) thread.join();
  _exit(0);
}

TEST(SqliteKill, EveryAcknowledgedRowSurvivesSigkill) {
  TemporaryFolder folder;
  std::string path = folder.path() + "/regesta.db";
  auto seed = std::random_device{}();
  std::mt19937 random(seed);
  std::set<std::int64_t> acknowledged;
  constexpr int rounds = 12;
  for (int round = 0; round < rounds; ++round) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      ::close(ends[0]);
      writeUntilKilled(path, ends[1], round);
    }
    ::close(ends[1]);
    std::jthread killer([&, wait = std::uniform_int_distribution(2'000, 150'000)(random)] {
      std::this_thread::sleep_for(std::chrono::microseconds(wait));
      ::kill(child, SIGKILL);
    });
    for (std::int64_t number; ::read(ends[0], &number, sizeof number) == sizeof number;) acknowledged.insert(number);
    ::close(ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << "the child ended by itself, seed " << seed;
  }
  ASSERT_GT(acknowledged.size(), 100U);
  auto database = openSqlite({.path = path});
  database->read([&](Transaction& s) {
    Rows check = s.query("PRAGMA integrity_check");
    check.next();
    EXPECT_EQ(check.text(0), "ok") << "seed " << seed;
    std::size_t found = 0;
    for (Rows rows = s.query("SELECT n, count(*) FROM pair GROUP BY n"); rows.next();) {
      EXPECT_EQ(rows.integer(1), 2) << "half a transaction: " << rows.integer(0) << ", seed " << seed;
      found += acknowledged.count(rows.integer(0));
    }
    EXPECT_EQ(found, acknowledged.size()) << "seed " << seed;
  });
}

}  // namespace
}  // namespace regesta::db
