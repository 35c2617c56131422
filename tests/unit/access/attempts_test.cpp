#include "access/attempts.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/limits_edge.h"

namespace regesta::access {
namespace {

void fail(Attempts& attempts, std::string_view name, std::string_view address) { attempts.begin(name, address); }

TEST(Attempts, countBeforeTheyAreDecided) {
  Attempts attempts;
  std::vector<Attempts::Try> underWay;
  for (int i = 0; i < limits::passwordFailures; ++i) underWay.push_back(attempts.begin("anna", "10.0.0.1"));
  EXPECT_THROW(attempts.begin("anna", "10.0.0.1"), Error);
  underWay.front().succeeded();
  underWay.clear();  // one was right: the failures of the pair are forgotten when it ends, others count again
  EXPECT_NO_THROW(attempts.begin("bob", "10.0.0.1"));
}

TEST(Attempts, strangersElsewhereLockNobodyOut) {
  Attempts attempts;
  attempts.begin("anna", "10.0.0.1").succeeded();
  for (int i = 0; i < 3 * limits::nameFailures; ++i) {
    try {
      fail(attempts, "anna", fmt::format("10.1.{}.{}", i / 250, i % 250));
    } catch (const Error&) {
    }
  }
  EXPECT_THROW(attempts.begin("anna", "10.9.9.9"), Error);
  EXPECT_NO_THROW(attempts.begin("anna", "10.0.0.1"));
}

TEST(Attempts, anAddressRunsOutOfNames) {
  Attempts attempts;
  int tried = 0;
  for (; tried < 1000; ++tried) {
    try {
      fail(attempts, fmt::format("name{}", tried), "10.0.0.1");
    } catch (const Error&) {
      break;
    }
  }
  EXPECT_EQ(tried, limits::addressFailures);
  EXPECT_NO_THROW(attempts.begin("anna", "10.0.0.2"));
}

TEST(Attempts, anotherPasswordStartsAnew) {
  Attempts attempts;
  for (int i = 0; i < limits::passwordFailures; ++i) fail(attempts, "anna", "10.0.0.1");
  EXPECT_THROW(attempts.begin("anna", "10.0.0.1"), Error);
  attempts.forget("anna");
  EXPECT_NO_THROW(attempts.begin("anna", "10.0.0.1"));
}

}  // namespace
}  // namespace regesta::access
