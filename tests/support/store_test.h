#pragma once
#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "registry/change.h"
#include "support/postgres.h"
#include "support/temporary_folder.h"
#include "support/thrown.h"

namespace regesta {

/// An empty migrated store, on SQLite and on PostgreSQL.
class StoreTest : public testing::TestWithParam<db::Dialect> {
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

  /// Bodies of the ledger's entries in their order; with `action`, those of that action.
  std::vector<json::value> entries(const std::string& action = {});
  /// Actions of the ledger's entries, in their order.
  std::vector<std::string> actions();
  /// Rows of "table" or "table WHERE …".
  std::int64_t count(const std::string& from);

  static constexpr const char* workspace_ = "default";
  const registry::Actor anna_{"user:anna"};
  std::unique_ptr<registry::Store> store_;
  std::atomic<int> commits_ = 0;

 private:
  TemporaryFolder folder_;
  std::unique_ptr<db::Database> database_;
};

}  // namespace regesta
