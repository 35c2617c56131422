#include "db/columns.h"

#include <gtest/gtest.h>

namespace regesta::db {
namespace {

TEST(Columns, AreFoundByName) {
  constexpr Columns at("v.id, number, coalesce(v.semver, '') AS semver, max(a, b) AS most");
  EXPECT_EQ(at["id"], 0);
  EXPECT_EQ(at["number"], 1);
  EXPECT_EQ(at["semver"], 2);
  EXPECT_EQ(at["most"], 3);
}

TEST(Columns, OfAWholeStatement) {
  constexpr Columns at("SELECT r.id, r.digest AS run_digest FROM run r, version v");
  EXPECT_EQ(at["run_digest"], 1);
}

}  // namespace
}  // namespace regesta::db
