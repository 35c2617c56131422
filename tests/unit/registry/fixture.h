#pragma once
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>

#include "base/error.h"
#include "db/database.h"
#include "registry/pointer.h"
#include "registry/version.h"

namespace regesta::governance {
/// Stands in for the gate, which alone can make a Clearance: these tests are about what the registry does with one.
class Gate {
 public:
  static registry::Clearance leave(std::string pointer, std::int64_t from, std::int64_t to, std::string decision = {}) {
    return {std::move(pointer), from, to, std::move(decision)};
  }
};
}  // namespace regesta::governance

namespace regesta::registry {

using governance::Gate;

/// An empty migrated register on SQLite and on PostgreSQL.
class RegistryTest : public testing::TestWithParam<db::Dialect> {
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

  Asset make(const std::string& name, Kind kind = Kind::model);
  Version add(const Asset& asset, const std::string& source = "s3://bucket/model");
  /// Moves an alias from wherever it stands.
  void point(const Asset& asset, const std::string& alias, std::int64_t to, const std::string& decision = {});
  void protect(const std::string& pattern, const std::string& pointer);
  /// Actions of the ledger, in order.
  std::vector<std::string> actions();
  std::int64_t count(const std::string& table);

  const Actor anna_{"user:anna"};
  std::unique_ptr<Store> store_;
  std::atomic<int> commits_ = 0;

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

#define REGESTA_REGISTRY_ON_BOTH(suite) \
  INSTANTIATE_TEST_SUITE_P(On, suite, testing::Values(db::Dialect::sqlite, db::Dialect::postgres), \
                           [](const auto& info) { return info.param == db::Dialect::sqlite ? "Sqlite" : "Postgres"; })

}  // namespace regesta::registry
