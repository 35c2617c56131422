#include <gtest/gtest.h>

#include <thread>

#include "base/metrics.h"

namespace regesta {
namespace {

TEST(Metrics, RendersTheExpositionFormat) {
  counter("test_requests_total", "Requests\nby \\ status", R"(status="200")").add(3);
  counter("test_requests_total", "", R"(status="404")").add();
  gauge("test_open", "Open things").set(-2);
  Histogram& seconds = histogram("test_seconds", "Time", R"(route="/a")");
  seconds.observe(0.00005);
  seconds.observe(0.3);
  seconds.observe(100);
  std::string page = renderMetrics();
  auto has = [&](std::string_view line) { return page.find(line) != std::string::npos; };
  EXPECT_TRUE(
      has("# HELP test_requests_total Requests\\nby \\\\ status\n# TYPE test_requests_total counter\n"
          "test_requests_total{status=\"200\"} 3\ntest_requests_total{status=\"404\"} 1\n"))
      << page;
  EXPECT_TRUE(has("# TYPE test_open gauge\ntest_open -2\n")) << page;
  EXPECT_TRUE(has("# TYPE test_seconds histogram\ntest_seconds_bucket{route=\"/a\",le=\"5e-05\"} 1\n")) << page;
  EXPECT_TRUE(has("test_seconds_bucket{route=\"/a\",le=\"0.25\"} 1\n")) << page;
  EXPECT_TRUE(has("test_seconds_bucket{route=\"/a\",le=\"0.5\"} 2\n")) << page;
  EXPECT_TRUE(has("test_seconds_bucket{route=\"/a\",le=\"10\"} 2\n")) << page;
  EXPECT_TRUE(has("test_seconds_bucket{route=\"/a\",le=\"+Inf\"} 3\n")) << page;
  EXPECT_TRUE(has("test_seconds_count{route=\"/a\"} 3\n")) << page;
}

TEST(Metrics, TheSameInstrumentForTheSameLabels) {
  EXPECT_EQ(&counter("test_same_total", "a", "x=\"1\""), &counter("test_same_total", "b", "x=\"1\""));
  EXPECT_NE(&counter("test_same_total", "a", "x=\"1\""), &counter("test_same_total", "a", "x=\"2\""));
}

TEST(Metrics, CountsFromManyThreads) {
  Counter& all = counter("test_threads_total", "");
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([] {
      for (int n = 0; n < 1000; ++n) counter("test_threads_total", "").add();
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(all.value(), 4000u);
}

TEST(MetricsDeathTest, OneNameHasOneType) {
  counter("test_typed", "");
  EXPECT_DEATH(gauge("test_typed", "", "a=\"b\""), "broken invariant");
}

}  // namespace
}  // namespace regesta
