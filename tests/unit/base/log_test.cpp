#include <gtest/gtest.h>

#include "base/log.h"

namespace regesta {
namespace {

std::string logged(auto&& write) {
  ::testing::internal::CaptureStderr();
  write();
  return ::testing::internal::GetCapturedStderr();
}

TEST(Log, OneJsonLineWithItsFields) {
  std::string line = logged([] { log(LogLevel::warn, "a \"b\"\nc", {{"id", "x\ny"}, {"count", 3}}); });
  ASSERT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
  json::object fields = parseJson(line.substr(0, line.size() - 1)).as_object();
  EXPECT_EQ(fields["level"], "warn");
  EXPECT_EQ(fields["message"], "a \"b\"\nc");
  EXPECT_EQ(fields["id"], "x\ny");
  EXPECT_EQ(fields["count"], 3);
  EXPECT_EQ(fields["time"].as_string().size(), 24u);
}

TEST(Log, BytesThatAreNotUtf8DoNotBreakTheLine) {
  std::string line = logged([] { log(LogLevel::error, "name \xff\xfe", {{"path", "/\xc3"}}); });
  EXPECT_EQ(parseJson(line.substr(0, line.size() - 1)).as_object()["path"], "/?");
}

TEST(Log, LevelsBelowTheLimitAreDropped) {
  EXPECT_EQ(logged([] { log(LogLevel::debug, "x"); }), "");
  setLogLevel(LogLevel::error);
  EXPECT_EQ(logged([] { log(LogLevel::warn, "x"); }), "");
  setLogLevel(LogLevel::debug);
  EXPECT_NE(logged([] { log(LogLevel::debug, "x"); }), "");
  setLogLevel(LogLevel::info);
}

}  // namespace
}  // namespace regesta
