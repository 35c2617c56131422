#include "telemetry/trace_search.h"

#include "base/text.h"
#include "support/tracking_test.h"

namespace regesta::telemetry {
namespace {

/// Of a caller who may do everything.
bool everywhere(std::int64_t) { return true; }

/// Three traces: a (OK, 100 ms, at 1000), b (ERROR, 200 ms, at 2000), c (in progress, at 3000).
class TraceSearchTest : public TrackingTest {
 protected:
  void SetUp() override {
    TrackingTest::SetUp();
    run_ = makeRun();
    write([&](db::Transaction& s) {
      Trace a{.requestTime = 1000,
              .duration = 100,
              .state = TraceState::ok,
              .clientRequestId = "req-1",
              .tags = {{"mlflow.traceName", "ask"}, {"team", "risk"}},
              .metadata = {{"mlflow.sourceRun", run_}}};
      a.assessments = {{.name = "good", .value = "0.9"}, {.name = "label", .value = "\"fine\""}};
      Trace b{
          .requestTime = 2000, .duration = 200, .state = TraceState::error, .tags = {{"mlflow.traceName", "answer"}}};
      b.assessments = {{.name = "good", .value = "0.2"},
                       {.name = "want", .kind = AssessmentKind::expectation, .value = "5"},
                       {.name = "iss-1", .kind = AssessmentKind::issue, .value = R"({"issue_name":"slow"})"}};
      Trace c{.requestTime = 3000, .state = TraceState::inProgress};
      keep(s, std::move(a), "aa");
      keep(s, std::move(b), "bb");
      keep(s, std::move(c), "cc");
      linkTracesToRun(s, workspace_, {"bb"}, run_, everywhere);
      Trace linked = findTrace(s, workspace_, "bb", everywhere).value();
      linked.prompts = {"greet/2"};
      saveTrace(s, linked);
    });
    Span span{.traceId = std::string(32, 'd'),
              .spanId = std::string(16, '1'),
              .name = "llm",
              .status = SpanStatus::ok,
              .startNs = 4'000'000'000,
              .endNs = 4'100'000'000};
    span.attributes = {{"mlflow.spanType", "CHAT_MODEL"}, {"model", "gpt-9"}, {"mlflow.spanInputs", "hello world"}};
    Span tool = span;
    tool.spanId = std::string(16, '2');
    tool.parentId = span.spanId;
    tool.name = "search";
    tool.attributes = {{"mlflow.spanType", "TOOL"}};
    write([&](db::Transaction& s) { logSpans(s, workspace_, 0, {span, tool}); });
  }
  void keep(db::Transaction& s, Trace trace, const std::string& id) {
    trace.traceId = id;
    trace.workspace = workspace_;
    startTrace(s, std::move(trace));
  }
  std::string find(const std::string& filter, std::vector<std::string> orderBy = {}) {
    return read([&](db::Transaction& s) {
      std::vector<std::string> ids;
      for (const Trace& trace :
           searchTraces(s, workspace_, {.experiments = {0}, .filter = filter, .orderBy = std::move(orderBy)}).items)
        ids.push_back(trace.traceId.substr(0, 5));
      return join(ids, " ");
    });
  }
  std::string refusal(const std::string& filter, std::vector<std::string> orderBy = {}) {
    return thrown(Code::invalid, [&] { find(filter, std::move(orderBy)); });
  }
  std::string run_;
};
REGESTA_ON_BOTH(TraceSearchTest);

TEST_P(TraceSearchTest, NewestFirstAndByAttributes) {
  EXPECT_EQ(find(""), "tr-dd cc bb aa");
  EXPECT_EQ(find("status = 'ERROR'"), "bb");
  EXPECT_EQ(find("trace.status != 'OK'"), "cc bb");
  EXPECT_EQ(find("attributes.name LIKE 'a%'"), "bb aa");
  EXPECT_EQ(find("request_id IN ('aa', 'x')"), "aa");
  EXPECT_EQ(find("timestamp_ms >= 2000 AND timestamp < 4000"), "cc bb");
  EXPECT_EQ(find("execution_time > 100"), "bb");
  EXPECT_EQ(find("end_time <= 2200"), "bb aa");
  EXPECT_EQ(find("client_request_id = 'req-1'"), "aa");
  EXPECT_EQ(find("request_id = 'cc'"), "cc");
  EXPECT_EQ(find("run_id = '" + run_ + "'"), "bb aa");
  EXPECT_EQ(find("prompt = 'greet/2'"), "bb");
  EXPECT_EQ(find("prompt = 'greet/3'"), "");
}

TEST_P(TraceSearchTest, AnAssessmentOfASessionSpeaksForItsTraces) {
  write([&](db::Transaction& s) {
    for (const char* id : {"s1", "s2"}) keep(s, {.requestTime = 10, .metadata = {{"mlflow.trace.session", "one"}}}, id);
    Trace judged{.requestTime = 9, .metadata = {{"mlflow.trace.session", "one"}}};
    judged.assessments = {{.name = "whole", .value = "1", .metadata = {{"mlflow.trace.session", "one"}}},
                          {.name = "alone", .value = "1"}};
    keep(s, std::move(judged), "s3");
  });
  EXPECT_EQ(find("feedback.whole = '1'"), "s1 s2 s3");
  EXPECT_EQ(find("feedback.whole = '0'"), "");
  EXPECT_EQ(find("feedback.alone IS NOT NULL"), "s3");
  EXPECT_EQ(find("feedback.whole IS NULL"), "tr-dd cc bb aa");
}

TEST_P(TraceSearchTest, ByTagsAndMetadata) {
  EXPECT_EQ(find("tags.team = 'risk'"), "aa");
  EXPECT_EQ(find("tag.team IS NULL"), "tr-dd cc bb");
  EXPECT_EQ(find("tags.`mlflow.traceName` RLIKE '^a.*r$'"), "bb");
  EXPECT_EQ(find("tags.team RLIKE '^r[a-z]{2,3}$'"), "aa");
  EXPECT_EQ(find("tags.team RLIKE 'i{2}'"), "");
  EXPECT_EQ(find("metadata.`mlflow.sourceRun` IS NOT NULL"), "aa");
  EXPECT_EQ(find("request_metadata.x = 'y'"), "");
}

TEST_P(TraceSearchTest, ByWhatPeopleSaid) {
  EXPECT_EQ(find("feedback.good > 0.5"), "aa");
  EXPECT_EQ(find("feedback.good <= 0.5"), "bb");
  EXPECT_EQ(find("feedback.label = 'fine'"), "aa");
  EXPECT_EQ(find("feedback.label ILIKE '\"FI%'"), "aa");
  EXPECT_EQ(find("feedback.good IS NULL"), "tr-dd cc");
  EXPECT_EQ(find("expectation.want = '5'"), "bb");
  EXPECT_EQ(find("expectation.good IS NOT NULL"), "");
  EXPECT_EQ(find("issue.id = 'iss-1'"), "bb");
}

TEST_P(TraceSearchTest, BySpans) {
  EXPECT_EQ(find("span.name = 'llm'"), "tr-dd");
  EXPECT_EQ(find("span.type IN ('TOOL', 'AGENT') AND span.status = 'OK'"), "tr-dd");
  EXPECT_EQ(find("span.name = 'llm' AND span.type = 'TOOL'"), "") << "both hold, but not of one span";
  EXPECT_EQ(find("span.attributes.model = 'gpt-9'"), "tr-dd");
  EXPECT_EQ(find("span.attributes.model LIKE 'gpt%'"), "tr-dd");
  EXPECT_EQ(find("span.attributes.model != 'gpt-9'"), "");
  EXPECT_EQ(find("span.content LIKE '%hello world%'"), "tr-dd");
  EXPECT_EQ(find("text ILIKE '%HELLO%' AND name = 'ask'"), "");
}

TEST_P(TraceSearchTest, Ordered) {
  EXPECT_EQ(find("", {"timestamp_ms ASC"}), "aa bb cc tr-dd");
  EXPECT_EQ(find("", {"execution_time DESC"}), "bb tr-dd aa cc");
  EXPECT_EQ(find("", {"tags.`mlflow.traceName` DESC", "status"}), "aa bb cc tr-dd");
  EXPECT_NE(refusal("", {"status", "status DESC"}).find("must not repeat a field"), std::string::npos);
  EXPECT_NE(refusal("", {"span.name"}).find("order_by"), std::string::npos);
}

TEST_P(TraceSearchTest, PagesFollowEachOther) {
  read([&](db::Transaction& s) {
    TraceSearch search{.experiments = {0}, .maxResults = 3};
    tracking::Page<Trace> first = searchTraces(s, workspace_, search);
    ASSERT_EQ(first.items.size(), 3u);
    search.pageToken = first.nextPageToken;
    tracking::Page<Trace> second = searchTraces(s, workspace_, search);
    ASSERT_EQ(second.items.size(), 1u);
    EXPECT_EQ(second.items[0].traceId, "aa");
    EXPECT_EQ(second.nextPageToken, "");
    EXPECT_EQ(countTraces(s, workspace_, {0}, {"status = 'OK'", "feedback.good > 0.5"}), 1);
    EXPECT_EQ(countTraces(s, workspace_, {0, 77}, {}), 4);
  });
}

TEST_P(TraceSearchTest, TheScanGoesOnPastOneChunk) {
  write([&](db::Transaction& s) {
    for (int i = 0; i < 450; ++i) keep(s, {.requestTime = 5000 + i % 7}, fmt::format("m{:03}", i));
  });
  EXPECT_EQ(find("name = 'ask'"), "aa");
  read([&](db::Transaction& s) { EXPECT_EQ(countTraces(s, workspace_, {0}, {}), 454); });
}

TEST_P(TraceSearchTest, NonsenseIsNamed) {
  EXPECT_EQ(refusal("prompt = 'greet'"), "filter: must compare 'prompt' with \"name/version\", got \"greet\"");
  EXPECT_EQ(refusal("prompt != 'greet/1'"), "filter: must compare attribute 'prompt' with one of: =, got \"!=\"");
  EXPECT_EQ(refusal("span.content = 'x'"), "filter: must compare span 'content' with one of: LIKE, ILIKE, got \"=\"");
  EXPECT_NE(refusal("span.colour = 'x'").find("got \"colour\""), std::string::npos);
  EXPECT_NE(refusal("metrics.x > 1").find("got \"metrics\""), std::string::npos);
  EXPECT_NE(refusal("feedback.good > 'high'").find("with a number"), std::string::npos);
  EXPECT_NE(refusal("name RLIKE '(x{1000}){1000}'").find("too large"), std::string::npos);
  EXPECT_NE(refusal("name RLIKE '(a)\\1'").find("backreferences"), std::string::npos);
  EXPECT_NE(refusal("name RLIKE '(a'").find("regular expression"), std::string::npos);
  EXPECT_NE(refusal("timestamp_ms > 'soon'").find("with a number"), std::string::npos);
}

}  // namespace
}  // namespace regesta::telemetry
