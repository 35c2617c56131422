#include "jobs/queue.h"

#include "base/error.h"
#include "base/id.h"
#include "db/migrate.h"
#include "support/postgres.h"
#include "support/temporary_folder.h"

namespace regesta::jobs {
namespace {

/// The queue of a fresh database; on PostgreSQL `other` is a second server's handle.
class QueueTest : public testing::TestWithParam<db::Dialect> {
 protected:
  void SetUp() override {
    if (GetParam() == db::Dialect::postgres) {
      database_ = emptyPostgres();
      other_ = db::openPostgres(clusterUrl());
    } else {
      database_ = db::openSqlite({.path = folder_.path() + "/regesta.db"});
    }
    db::migrate(*database_);
  }
  void TearDown() override {
    other_.reset();
    database_.reset();
  }

  db::Database& other() { return other_ ? *other_ : *database_; }
  Job add(const std::string& name, const std::string& needs = "", std::int64_t now = 1000) {
    return database_->writing([&](db::Transaction& transaction) {
      return enqueue(transaction, {"default", "prompt-test", name, "prompt/" + name + "@1", needs, "{}"}, "user:anna",
                     now);
    });
  }
  std::optional<Job> take(std::int64_t now, const std::string& runner = "token:one", bool commands = false,
                          const std::string& only = "") {
    LeaseRequest wish{.workspace = "default",
                      .commands = commands,
                      .runner = runner,
                      .allowed = [&](db::Transaction&, const Job& job) { return only.empty() || job.name == only; }};
    return database_->writing([&](db::Transaction& transaction) { return lease(transaction, wish, now); });
  }
  template <class Fn>
  auto held(const Job& job, Fn&& fn) {
    return database_->writing([&](db::Transaction& transaction) {
      return fn(transaction, heldJob(transaction, job.id, job.lease, job.leasedBy));
    });
  }
  Job find(std::int64_t id) {
    return *database_->reading([&](db::Transaction& transaction) { return findJob(transaction, id); });
  }

  TemporaryFolder folder_;
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
  held(*first,
       [](db::Transaction& transaction, Job job) { return complete(transaction, std::move(job), R"({"n":1})", 3000); });
  Job done = find(first->id);
  EXPECT_EQ(done.status, JobStatus::done);
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
  held(*first,
       [](db::Transaction& transaction, Job job) { return extend(transaction, std::move(job), 60'000, 60'000); });
  EXPECT_FALSE(take(61'000, "token:two"));
  auto second = take(120'000, "token:two");
  ASSERT_TRUE(second);
  EXPECT_EQ(second->attempts, 2);
  EXPECT_NE(second->reason.find("token:one"), std::string::npos);
  try {
    held(*first, [](db::Transaction& transaction, Job job) { return complete(transaction, std::move(job), "{}", 0); });
    FAIL() << "the first runner's lease is over";
  } catch (const Error& fault) {
    EXPECT_EQ(fault.code, Code::conflict);
  }
  held(*second, [](db::Transaction& transaction, Job job) { return complete(transaction, std::move(job), "{}", 0); });
}

TEST_P(QueueTest, ALateReportCountsWhileNobodyElseHasTheJob) {
  add("a");
  auto job = take(1000);
  held(*job,
       [](db::Transaction& transaction, Job late) { return complete(transaction, std::move(late), "{}", 500'000); });
  EXPECT_EQ(find(job->id).status, JobStatus::done);
}

TEST_P(QueueTest, ALeaseIsItsRunnersAlone) {
  add("a");
  auto job = take(1000, "token:one");
  auto with = [&](const std::string& lease, const std::string& runner) {
    return database_->writing(
        [&](db::Transaction& transaction) { return heldJob(transaction, job->id, lease, runner).id; });
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
    Job failed = held(*job, [&](db::Transaction& transaction, Job each) {
      return fail(transaction, std::move(each), "the model is away", Again::later, now);
    });
    if (failed.status == JobStatus::dead) break;
    pauses.push_back(failed.notBefore - now);
    EXPECT_FALSE(take(failed.notBefore - 1));
    now = failed.notBefore;
  }
  EXPECT_EQ(pauses, (std::vector<std::int64_t>{5'000, 10'000, 20'000, 40'000}));
  Job dead = find(1);
  EXPECT_EQ(dead.status, JobStatus::dead);
  EXPECT_EQ(dead.reason, "the model is away");
  EXPECT_FALSE(take(now + 10'000'000));
}

TEST_P(QueueTest, RunnersThatDieOverAndOverEndTheJob) {
  add("a");
  std::int64_t now = 1000;
  for (int i = 0; i < mostAttempts; ++i, now += 60'000) ASSERT_TRUE(take(now)) << i;
  EXPECT_FALSE(take(now));
  EXPECT_EQ(find(1).status, JobStatus::dead);
  EXPECT_NE(find(1).reason.find("did not report back"), std::string::npos);
}

TEST_P(QueueTest, GivenBackAJobIsAsNew) {
  add("a");
  auto job = take(1000);
  held(*job, [](db::Transaction& transaction, Job each) {
    return fail(transaction, std::move(each), "stopped", Again::now, 1500);
  });
  auto again = take(1500, "token:two");
  ASSERT_TRUE(again);
  EXPECT_EQ(again->attempts, 1);
  held(*again, [](db::Transaction& transaction, Job each) {
    return fail(transaction, std::move(each), "no", Again::never, 2000);
  });
  EXPECT_EQ(find(1).status, JobStatus::dead);
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
        LeaseRequest wish{.workspace = "default",
                          .runner = fmt::format("token:{}", t),
                          .allowed = [](db::Transaction&, const Job&) { return true; }};
        db::Database& database = t % 2 ? other() : *database_;
        while (auto job =
                   database.writing([&](db::Transaction& transaction) { return lease(transaction, wish, 2000); })) {
          std::lock_guard guard(mutex);
          got.push_back(job->id);
        }
      });
  }
  std::set<std::int64_t> distinct(got.begin(), got.end());
  EXPECT_EQ(got.size(), distinct.size());
  EXPECT_EQ(distinct.size(), static_cast<std::size_t>(jobs));
}

REGESTA_ON_BOTH(QueueTest);

}  // namespace
}  // namespace regesta::jobs
