#include "quality/trace_quality.h"

#include "base/time.h"
#include "support/prompt_test.h"

namespace regesta::quality {
namespace {

using telemetry::Span;
using telemetry::Trace;
using Names = std::vector<std::string>;

const std::int64_t began = nowMillis() - 60'000;  // reports older than a year are refused
const std::string hex = "0af7651916cd43dd8448eb211c80319c";

class TraceQualityTest : public PromptTest {
 protected:
  void SetUp() override {
    PromptTest::SetUp();
    makePrompt("greet", {"Hello {{name}}", "Good day {{name}}"});
  }
  Span spanWith(json::object attributes, const std::string& id = "00f067aa0ba902b7") {
    return {.traceId = hex,
            .spanId = id,
            .name = "llm",
            .startNs = began * 1'000'000,
            .endNs = (began + 250) * 1'000'000,
            .attributes = std::move(attributes)};
  }
  void observe(const Span& span) { observeSpans(*store_, author_, workspace_, {span}, "langfuse"); }
  void observe(const Trace& trace) { observeTraces(*store_, author_, workspace_, {trace}, usesOf(trace)); }
  std::string column(const std::string& sql) {
    return read([&](db::Transaction& transaction) {
      db::Rows rows = transaction.query(sql);
      return rows.next() ? rows.text(0) : "";
    });
  }
};
REGESTA_ON_BOTH(TraceQualityTest);

TEST_P(TraceQualityTest, ASpanThatNamesItsPromptIsMeasured) {
  Span span = spanWith({{"langfuse.observation.prompt.name", "greet"},
                        {"langfuse.observation.prompt.version", 2},
                        {"langfuse.observation.usage_details", R"({"input": 10, "output": 4})"},
                        {"langfuse.observation.cost_details", R"({"total": 0.002})"},
                        {"user.id", "u-1"}});
  observe(span);
  observe(span);  // exporters repeat what they got no answer to
  EXPECT_EQ(reported("greet", 2), (Names{"latency_ms=250", "error=0", "input_tokens=10", "output_tokens=4",
                                         "total_tokens=14", "cost=0.002"}));
  EXPECT_EQ(column("SELECT unit FROM report"), "u-1");
  EXPECT_EQ(column("SELECT source FROM report"), "langfuse");
  EXPECT_EQ(column("SELECT at FROM report"), std::to_string(began + 250));
}

TEST_P(TraceQualityTest, OurOwnAttributesTakeSemVerToo) {
  Span span = spanWith({{"regesta.prompt.name", "greet"}, {"regesta.prompt.version", "1.0.0"}});
  span.status = telemetry::SpanStatus::error;
  observe(span);
  EXPECT_EQ(reported("greet", 1), (Names{"latency_ms=250", "error=1"}));
}

TEST_P(TraceQualityTest, WhatNamesNothingKnownIsPassedOver) {
  observe(spanWith({{"regesta.prompt.name", "greet"}, {"regesta.prompt.version", 9}}));
  observe(spanWith({{"regesta.prompt.name", "greet"}}));
  observe(spanWith({{"mlflow.linkedPrompts", "not JSON"}}));
  observe(spanWith({{"mlflow.linkedPrompts", R"([7, {"name": "greet"}])"}}));
  EXPECT_EQ(count("report"), 0);
  EXPECT_EQ(count("trace_link"), 0);
}

Trace ended() {
  return {.traceId = "tr-" + hex,
          .workspace = "default",
          .requestTime = began,
          .duration = 800,
          .state = telemetry::TraceState::error,
          .tags = {{"mlflow.linkedPrompts", R"([{"name": "greet", "version": "2"}])"}},
          .metadata = {{"mlflow.trace.tokenUsage", R"({"input_tokens": 3, "output_tokens": 1, "total_tokens": 4})"},
                       {"mlflow.trace.session", "s-1"}}};
}

TEST_P(TraceQualityTest, ALinkedTraceIsMeasuredWhenItHasEnded) {
  Trace trace = ended();
  trace.state = telemetry::TraceState::inProgress;
  observe(trace);
  EXPECT_EQ(count("report"), 0);
  observe(ended());
  observe(ended());
  EXPECT_EQ(reported("greet", 2),
            (Names{"latency_ms=800", "error=1", "input_tokens=3", "output_tokens=1", "total_tokens=4"}));
  EXPECT_EQ(column("SELECT unit FROM report"), "s-1");
}

TEST_P(TraceQualityTest, ALinkOnASpanIsOneOfItsTrace) {
  observe(spanWith({{"mlflow.linkedPrompts", R"([{"name": "greet", "version": "1"}])"}}));
  EXPECT_EQ(count("report"), 0) << "the span is one of many; the trace's own figures come when it ends";
  Trace trace = ended();
  trace.tags.clear();
  observe(trace);
  EXPECT_EQ(reported("greet", 1).size(), 5u);
}

TEST_P(TraceQualityTest, FeedbackCountsWhicheverComesFirst) {
  Trace trace = ended();
  trace.state = telemetry::TraceState::inProgress;
  trace.assessments = {{.id = "a-1", .name = "good", .value = "true"},
                       {.id = "a-2", .name = "tone", .value = "\"kind\""},
                       {.id = "a-3", .name = "want", .kind = telemetry::AssessmentKind::expectation, .value = "5"}};
  observeFeedback(*store_, author_, trace);
  EXPECT_EQ(count("report"), 0);
  observe(trace);
  EXPECT_EQ(reported("greet", 2), Names{"good=1"});
  trace.assessments = {{.id = "a-4", .name = "score", .value = "0.25"}};
  observeFeedback(*store_, author_, trace);
  observeFeedback(*store_, author_, trace);
  EXPECT_EQ(reported("greet", 2), (Names{"good=1", "score=0.25"}));
}

TEST_P(TraceQualityTest, ATracesFiguresStayOffVersionsOfSingleSpans) {
  observe(spanWith({{"regesta.prompt.name", "greet"}, {"regesta.prompt.version", 1}}));
  observe(ended());
  EXPECT_EQ(reported("greet", 1), (Names{"latency_ms=250", "error=0"}));
  EXPECT_EQ(reported("greet", 2).size(), 5u);
}

}  // namespace
}  // namespace regesta::quality
