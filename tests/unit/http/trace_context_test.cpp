#include "http/trace_context.h"

#include <gtest/gtest.h>

namespace regesta::http {
namespace {

const std::string traceId = "4bf92f3577b34da6a3ce929d0e0e4736", spanId = "00f067aa0ba902b7";

std::string header(std::string_view version, std::string_view flags) {
  return std::string(version) + "-" + traceId + "-" + spanId + "-" + std::string(flags);
}

TEST(TraceContext, IsReadFromTheHeader) {
  const std::string sampled = header("00", "01"), unsampled = header("00", "00");
  auto context = parseTraceparent(sampled);
  ASSERT_TRUE(context);
  EXPECT_EQ(context->traceId, traceId);
  EXPECT_EQ(context->spanId, spanId);
  EXPECT_TRUE(context->sampled);
  EXPECT_FALSE(parseTraceparent(unsampled)->sampled);
}

TEST(TraceContext, OtherFlagsDoNotMatter) {
  const std::string odd = header("00", "ff"), even = header("00", "0e");
  EXPECT_TRUE(parseTraceparent(odd)->sampled);
  EXPECT_FALSE(parseTraceparent(even)->sampled);
}

TEST(TraceContext, LaterVersionsMayBeLonger) {
  const std::string later = header("cc", "01");
  EXPECT_TRUE(parseTraceparent(later));
  EXPECT_TRUE(parseTraceparent(later + "-what-comes-next"));
  EXPECT_FALSE(parseTraceparent(later + ".what"));
  EXPECT_FALSE(parseTraceparent(header("00", "01") + "-more"));
}

TEST(TraceContext, WhatTheStandardForbidsIsIgnored) {
  const std::string good = header("00", "01");
  EXPECT_FALSE(parseTraceparent(""));
  EXPECT_FALSE(parseTraceparent(header("ff", "01")));
  EXPECT_FALSE(parseTraceparent(header("00", "0g")));
  EXPECT_FALSE(parseTraceparent(good.substr(0, 54)));
  EXPECT_FALSE(parseTraceparent("00-" + std::string(32, '0') + "-" + spanId + "-01"));
  EXPECT_FALSE(parseTraceparent("00-" + traceId + "-" + std::string(16, '0') + "-01"));
  std::string upper = good;
  upper[3] = 'A';
  EXPECT_FALSE(parseTraceparent(upper));
  for (std::size_t at : {2u, 35u, 52u}) {
    std::string broken = good;
    broken[at] = '_';
    EXPECT_FALSE(parseTraceparent(broken)) << at;
  }
}

}  // namespace
}  // namespace regesta::http
