#pragma once
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "db/database.h"
#include "tracking/experiment.h"
#include "tracking/record.h"
#include "tracking/run.h"

namespace regesta::tracking {

/// An empty migrated register on SQLite and on PostgreSQL, with the default experiment prepared.
class TrackingTest : public testing::TestWithParam<db::Dialect> {
 protected:
  void SetUp() override;
  void TearDown() override;

  template <class Fn>
  auto change(Fn&& fn) {
    return store_->change(anna_, std::forward<Fn>(fn));
  }
  template <class Fn>
  auto read(Fn&& fn) {
    return store_->read(std::forward<Fn>(fn));
  }
  template <class Fn>
  auto write(Fn&& fn) {
    return store_->write(std::forward<Fn>(fn));
  }

  std::int64_t makeExperiment(const std::string& name, const Texts& tags = {});
  std::string makeRun(const NewRun& made = {});
  tracking::Run run(const std::string& runId);
  void log(const std::string& runId, const Batch& batch);
  void log(const std::string& runId, const std::string& key, double value, std::int64_t timestamp = 0,
           std::int64_t step = 0);
  /// Ends the run as FINISHED at `endTime`.
  void finish(const std::string& runId, std::int64_t endTime = 99);
  /// The ledger's entries of one action, in order.
  std::vector<json::value> entries(const std::string& action);
  std::int64_t count(const std::string& from);

  static constexpr const char* workspace_ = "default";
  const registry::Actor anna_{"user:anna"};
  std::unique_ptr<registry::Store> store_;

 private:
  std::filesystem::path folder_;
  std::unique_ptr<db::Database> database_;
};

/// What `fn` threw; fails the test when it threw nothing or another code.
template <class Fn>
std::string thrown(Code code, Fn&& fn) {
  try {
    fn();
  } catch (const Error& failure) {
    EXPECT_EQ(codeName(failure.code), codeName(code)) << failure.message;
    return failure.message;
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
}

#define REGESTA_TRACKING_ON_BOTH(suite) \
  INSTANTIATE_TEST_SUITE_P(On, suite, testing::Values(db::Dialect::sqlite, db::Dialect::postgres), \
                           [](const auto& info) { return info.param == db::Dialect::sqlite ? "Sqlite" : "Postgres"; })

}  // namespace regesta::tracking
