#pragma once
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "db/database.h"
#include "registry/version.h"

namespace regesta::delivery {

/// An empty migrated register on SQLite and on PostgreSQL.
class DeliveryTest : public testing::TestWithParam<db::Dialect> {
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

  /// A text prompt with a version for each text.
  registry::Asset makePrompt(const std::string& name, const std::vector<std::string>& texts);
  /// What was reported on a version, "metric=value" in the order of arrival.
  std::vector<std::string> reported(const std::string& prompt, std::int64_t version);
  std::int64_t count(const std::string& from);

  static constexpr const char* workspace_ = "default";
  const registry::Actor anna_{"user:anna"};
  std::unique_ptr<registry::Store> store_;

 private:
  std::filesystem::path folder_;
  std::unique_ptr<db::Database> database_;
};

#define REGESTA_DELIVERY_ON_BOTH(suite) \
  INSTANTIATE_TEST_SUITE_P(On, suite, testing::Values(db::Dialect::sqlite, db::Dialect::postgres), \
                           [](const auto& info) { return info.param == db::Dialect::sqlite ? "Sqlite" : "Postgres"; })

}  // namespace regesta::delivery
