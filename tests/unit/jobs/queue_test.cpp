#include "jobs/queue.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/error.h"
#include "base/id.h"
#include "base/text.h"
#include "db/migrate.h"

namespace regesta::jobs {
namespace {

std::string queuePostgres(const std::string& arguments) {
  std::string output;
  FILE* pipe = ::popen((REGESTA_SOURCE_DIR "/tools/postgres " + arguments).c_str(), "re");
  char part[512];
  while (std::size_t count = std::fread(part, 1, sizeof part, pipe)) output.append(part, count);
  if (::pclose(pipe) != 0) throw std::runtime_error("tools/postgres " + arguments + " failed: " + output);
  return std::string(trim(output));
}

/// One throw-away cluster for all tests of this file.
class QueueCluster : public testing::Environment {
 public:
  const std::string& url() {
    if (url_.empty()) {
      folder_ = std::filesystem::temp_directory_path() / ("regesta-queue-pg-" + randomHex(6));
      std::filesystem::create_directories(folder_);
      url_ = queuePostgres("start " + folder_.string() + " --fast");
    }
    return url_;
  }
  void TearDown() override {
    if (url_.empty()) return;
    queuePostgres("drop " + folder_.string());
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

 private:
  std::filesystem::path folder_;
  std::string url_;
};

auto* cluster = static_cast<QueueCluster*>(testing::AddGlobalTestEnvironment(new QueueCluster));

/// The queue of a fresh database; on PostgreSQL `other` is a second server's handle.
class QueueTest : public testing::TestWithParam<db::Dialect> {
 protected:
  void SetUp() override {
    if (GetParam() == db::Dialect::postgres) {
      db::openPostgres(cluster->url(), 1)->write([](db::Session& session) {
        session.script("DROP SCHEMA public CASCADE; CREATE SCHEMA public");
      });
      database_ = db::openPostgres(cluster->url());
      other_ = db::openPostgres(cluster->url());
    } else {
      folder_ = std::filesystem::temp_directory_path() / ("regesta-queue-" + randomHex(6));
      std::filesystem::create_directories(folder_);
      database_ = db::openSqlite({.path = (folder_ / "regesta.db").string()});
    }
    db::migrate(*database_);
  }
  void TearDown() override {
    other_.reset();
    database_.reset();
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
  }

  db::Database& other() { return other_ ? *other_ : *database_; }
  Job add(const std::string& name, const std::string& needs = "", std::int64_t now = 1000) {
    return database_->writing([&](db::Session& session) {
      return enqueue(session, {"default", "prompt-test", name, "prompt/" + name + "@1", needs, "{}"}, "user:anna", now);
    });
  }
  std::optional<Job> take(std::int64_t now, const std::string& runner = "token:one", bool commands = false,
                          const std::string& only = "") {
    LeaseWish wish{"default", "",     commands,
                   runner,    60'000, [&](const Job& job) { return only.empty() || job.name == only; }};
    return database_->writing([&](db::Session& session) { return lease(session, wish, now); });
  }
  template <class Fn>
  auto held(const Job& job, Fn&& fn) {
    return database_->writing(
        [&](db::Session& session) { return fn(session, heldJob(session, job.id, job.lease, job.leasedBy)); });
  }
  Job find(std::int64_t id) {
    return *database_->reading([&](db::Session& session) { return findJob(session, id); });
  }

  std::filesystem::path folder_;
  std::unique_ptr<db::Database> database_, other_;
};

TEST_P(QueueTest, GivesEachJobOnceOldestFirst) {
  add("a");
  add("b");
  auto first = take(2000), second = take(2000);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->name, "a");
  EXPECT_EQ(second->name, "b");
  EXPECT_EQ(first->attempts, 1);
  EXPECT_EQ(first->leasedUntil, 62'000);
  EXPECT_FALSE(take(2000));
  held(*first, [](db::Session& session, Job job) { return complete(session, std::move(job), R"({"n":1})", 3000); });
  Job done = find(first->id);
  EXPECT_EQ(done.status, "done");
  EXPECT_EQ(done.result, R"({"n":1})");
  EXPECT_FALSE(take(1'000'000, "token:one", false, "a"));
}

TEST_P(QueueTest, TheSameWaitingJobIsThereOnce) {
  EXPECT_EQ(add("a").id, add("a").id);
  take(2000);
  EXPECT_NE(add("a").id, find(1).id) << "the first is being worked on: what changed since needs a run of its own";
}

TEST_P(QueueTest, ASilentRunnersJobGoesToAnother) {
  add("a");
  auto first = take(1000, "token:one");
  EXPECT_FALSE(take(60'999, "token:two"));
  held(*first, [](db::Session& session, Job job) { return extend(session, std::move(job), 60'000, 60'000); });
  EXPECT_FALSE(take(61'000, "token:two"));
  auto second = take(120'000, "token:two");
  ASSERT_TRUE(second);
  EXPECT_EQ(second->attempts, 2);
  EXPECT_NE(second->reason.find("token:one"), std::string::npos);
  try {
    held(*first, [](db::Session& session, Job job) { return complete(session, std::move(job), "{}", 0); });
    FAIL() << "the first runner's lease is over";
  } catch (const Error& fault) {
    EXPECT_EQ(fault.code, Code::conflict);
  }
  held(*second, [](db::Session& session, Job job) { return complete(session, std::move(job), "{}", 0); });
}

TEST_P(QueueTest, ALateReportCountsWhileNobodyElseHasTheJob) {
  add("a");
  auto job = take(1000);
  held(*job, [](db::Session& session, Job late) { return complete(session, std::move(late), "{}", 500'000); });
  EXPECT_EQ(find(job->id).status, "done");
}

TEST_P(QueueTest, ALeaseIsItsRunnersAlone) {
  add("a");
  auto job = take(1000, "token:one");
  auto with = [&](const std::string& lease, const std::string& runner) {
    return database_->writing([&](db::Session& session) { return heldJob(session, job->id, lease, runner).id; });
  };
  EXPECT_THROW(with(job->lease, "token:two"), Error);
  EXPECT_THROW(with("", "token:one"), Error);
  EXPECT_THROW(with("0123", "token:one"), Error);
  EXPECT_EQ(with(job->lease, "token:one"), job->id);
}

TEST_P(QueueTest, FailuresPauseLongerAndLongerThenTheJobIsDead) {
  add("a");
  std::int64_t now = 1000;
  std::vector<std::int64_t> pauses;
  for (int i = 0; i < mostAttempts; ++i) {
    auto job = take(now);
    ASSERT_TRUE(job) << i;
    Job failed = held(*job, [&](db::Session& session, Job each) {
      return fail(session, std::move(each), "the model is away", Again::later, now);
    });
    if (failed.status == "dead") break;
    pauses.push_back(failed.notBefore - now);
    EXPECT_FALSE(take(failed.notBefore - 1));
    now = failed.notBefore;
  }
  EXPECT_EQ(pauses, (std::vector<std::int64_t>{5'000, 10'000, 20'000, 40'000}));
  Job dead = find(1);
  EXPECT_EQ(dead.status, "dead");
  EXPECT_EQ(dead.reason, "the model is away");
  EXPECT_FALSE(take(now + 10'000'000));
}

TEST_P(QueueTest, RunnersThatDieOverAndOverEndTheJob) {
  add("a");
  std::int64_t now = 1000;
  for (int i = 0; i < mostAttempts; ++i, now += 60'000) ASSERT_TRUE(take(now)) << i;
  EXPECT_FALSE(take(now));
  EXPECT_EQ(find(1).status, "dead");
  EXPECT_NE(find(1).reason.find("not heard of again"), std::string::npos);
}

TEST_P(QueueTest, GivenBackAJobIsAsNew) {
  add("a");
  auto job = take(1000);
  held(*job,
       [](db::Session& session, Job each) { return fail(session, std::move(each), "stopped", Again::now, 1500); });
  auto again = take(1500, "token:two");
  ASSERT_TRUE(again);
  EXPECT_EQ(again->attempts, 1);
  held(*again, [](db::Session& session, Job each) { return fail(session, std::move(each), "no", Again::never, 2000); });
  EXPECT_EQ(find(1).status, "dead");
}

TEST_P(QueueTest, WhoMayNotHaveAJobDoesNotStandInItsWay) {
  for (int i = 0; i < 130; ++i) add(fmt::format("other-{}", i));
  add("mine");
  add("shell", "commands");
  EXPECT_EQ(take(2000, "token:one", false, "mine")->name, "mine");
  EXPECT_FALSE(take(2000, "token:one", false, "shell"));
  EXPECT_EQ(take(2000, "token:one", true, "shell")->name, "shell");
}

TEST_P(QueueTest, ManyRunnersOnTwoServersNeverShareAJob) {
  constexpr int jobs = 40;
  for (int i = 0; i < jobs; ++i) add(fmt::format("p{}", i));
  std::mutex mutex;
  std::vector<std::int64_t> got;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 6; ++t)
      threads.emplace_back([&, t] {
        LeaseWish wish{"default", "", false, fmt::format("token:{}", t), 60'000, [](const Job&) { return true; }};
        db::Database& database = t % 2 ? other() : *database_;
        while (auto job = database.writing([&](db::Session& session) { return lease(session, wish, 2000); })) {
          std::lock_guard guard(mutex);
          got.push_back(job->id);
        }
      });
  }
  std::set<std::int64_t> distinct(got.begin(), got.end());
  EXPECT_EQ(got.size(), distinct.size());
  EXPECT_EQ(distinct.size(), static_cast<std::size_t>(jobs));
}

INSTANTIATE_TEST_SUITE_P(On, QueueTest, testing::Values(db::Dialect::sqlite, db::Dialect::postgres),
                         [](const auto& info) { return info.param == db::Dialect::sqlite ? "Sqlite" : "Postgres"; });

}  // namespace
}  // namespace regesta::jobs
