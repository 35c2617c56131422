#include "telemetry/trace.h"

#include "support/tracking_test.h"

namespace regesta::telemetry {
namespace {

const std::string hex = "0af7651916cd43dd8448eb211c80319c";
const std::string traceId = "tr-" + hex;

Span spanOf(const std::string& id, const std::string& parent = {}, std::int64_t startMs = 1000,
            std::int64_t endMs = 1250) {
  return {.traceId = hex,
          .spanId = id,
          .parentId = parent,
          .name = parent.empty() ? "root" : "step",
          .startNs = startMs * 1'000'000,
          .endNs = endMs * 1'000'000};
}
const std::string root = "00f067aa0ba902b7", child = "00f067aa0ba902b8";

/// Of a caller who may do everything.
bool everywhere(std::int64_t) { return true; }

class TraceTest : public TrackingTest {
 protected:
  std::vector<Trace> log(const std::vector<Span>& spans, std::int64_t experiment = 0) {
    return write([&](db::Transaction& s) { return logSpans(s, workspace_, experiment, spans); });
  }
  Trace start(Trace told) {
    told.workspace = workspace_;
    if (told.traceId.empty()) told.traceId = traceId;
    return write([&](db::Transaction& s) { return startTrace(s, told); });
  }
  std::optional<Trace> find(const std::string& id, const Reach& reach = everywhere) {
    return read([&](db::Transaction& s) { return findTrace(s, workspace_, id, reach); });
  }
  Trace get(const std::string& id = traceId) { return find(id).value(); }
  std::vector<Span> spans(const std::string& id = traceId) {
    return read([&](db::Transaction& s) { return spansOf(s, findTrace(s, workspace_, id, everywhere).value()); });
  }
  std::int64_t remove(const TraceDeletion& which, std::int64_t experiment = 0) {
    return change([&](registry::Change& c) { return deleteTraces(c, workspace_, experiment, which); });
  }
};
REGESTA_ON_BOTH(TraceTest);

TEST_P(TraceTest, SpansMakeTheirTrace) {
  Span call = spanOf(root);
  call.attributes = {{"mlflow.spanInputs", {{"messages", {{{"role", "user"}, {"content", "how much?"}}}}}},
                     {"mlflow.spanOutputs", "42"},
                     {"mlflow.traceTag.team", "risk"},
                     {"session.id", "s-1"}};
  call.resource = std::make_shared<json::object>(json::object{
      {"service.name", "shop"}, {"telemetry.sdk.language", "python"}, {"mlflow.trace.spansLocation", "x"}});
  log({call, spanOf(child, root, 1100, 1400)});
  Trace trace = get();
  EXPECT_EQ(trace.requestTime, 1000);
  EXPECT_EQ(trace.duration, 400);
  EXPECT_EQ(trace.state, TraceState::ok);
  EXPECT_EQ(trace.requestPreview, "how much?");
  EXPECT_EQ(trace.responsePreview, "\"42\"");
  EXPECT_EQ(trace.metadata.at("mlflow.trace.session"), "s-1");
  EXPECT_EQ(trace.tags,
            (tracking::Texts{{"mlflow.artifactLocation", "mlflow-artifacts:/0/traces/" + traceId + "/artifacts"},
                             {"mlflow.trace.spansLocation", "TRACKING_STORE"},
                             {"service.name", "shop"},
                             {"team", "risk"}}));
  ASSERT_EQ(spans().size(), 2u);
  EXPECT_EQ(writeJson(spans()[0].attributes), writeJson(call.attributes));
  EXPECT_EQ(spans()[1].parentId, root);
}

TEST_P(TraceTest, WithoutItsRootATraceIsInProgress) {
  log({spanOf(child, root)});
  EXPECT_EQ(get().state, TraceState::inProgress);
  Span failed = spanOf(root, "", 900, 1300);
  failed.status = SpanStatus::error;
  log({failed});
  EXPECT_EQ(get().state, TraceState::error);
  EXPECT_EQ(get().requestTime, 900);
  EXPECT_EQ(get().duration, 400);
}

TEST_P(TraceTest, TheClientsWordStandsWhicheverComesFirst) {
  Trace told{.requestTime = 990,
             .duration = 500,
             .state = TraceState::error,
             .finalized = true,
             .clientRequestId = "r-1",
             .tags = {{"mlflow.traceName", "ask"}}};
  log({spanOf(root)});
  Trace after = start(told);
  Trace fresh = told;
  fresh.traceId = "tr-11111111111111111111111111111111";
  start(fresh);
  Span late = spanOf(root);
  late.traceId = "11111111111111111111111111111111";
  log({late});
  for (const Trace& trace : {get(), get(fresh.traceId)}) {
    EXPECT_EQ(trace.requestTime, 990);
    EXPECT_EQ(trace.duration, 500);
    EXPECT_EQ(trace.state, TraceState::error);
    EXPECT_EQ(trace.clientRequestId, "r-1");
    EXPECT_EQ(trace.tags.at("mlflow.traceName"), "ask");
    EXPECT_EQ(trace.tags.at("mlflow.trace.spansLocation"), "TRACKING_STORE");
    EXPECT_EQ(trace.metadata.at("mlflow.trace.infoFinalized"), "true");
  }
}

TEST_P(TraceTest, ARepeatedSpanReplacesItself) {
  Span first = spanOf(root);
  log({first});
  first.name = "renamed";
  first.attributes = {{"k", 1}};
  log({first});
  ASSERT_EQ(spans().size(), 1u);
  EXPECT_EQ(spans()[0].name, "renamed");
  EXPECT_EQ(spans()[0].attributes.at("k"), 1);
}

TEST_P(TraceTest, TokensAreSummedWithoutCountingParentsTwice) {
  Span parent = spanOf(root), model = spanOf(child, root), other = spanOf("00f067aa0ba902b9", root);
  model.attributes = {{"mlflow.chat.tokenUsage", {{"input_tokens", 10}, {"output_tokens", 5}, {"total_tokens", 15}}}};
  other.attributes = {{"gen_ai.usage.input_tokens", 1}, {"gen_ai.usage.output_tokens", 2}};
  log({model});
  log({other});
  EXPECT_EQ(get().metadata.at("mlflow.trace.tokenUsage"),
            R"({"input_tokens": 11, "output_tokens": 7, "total_tokens": 18})");
  parent.attributes = {{"mlflow.chat.tokenUsage", R"({"input_tokens": 20, "output_tokens": 9, "total_tokens": 29})"},
                       {"mlflow.llm.cost", {{"total_cost", 0.25}}}};
  log({parent});
  EXPECT_EQ(get().metadata.at("mlflow.trace.tokenUsage"),
            R"({"input_tokens": 20, "output_tokens": 9, "total_tokens": 29})");
  EXPECT_EQ(get().metadata.at("mlflow.trace.cost"), R"({"total_cost": 0.25})");
}

TEST_P(TraceTest, BadTracesAreRefusedWhole) {
  EXPECT_EQ(thrown(Code::notFound, [&] { log({spanOf(root)}, 77); }), "the experiment '77' does not exist");
  EXPECT_EQ(thrown(Code::invalid, [&] { start({.traceId = "../../etc"}); }),
            "trace_id: must be 1 to 50 letters, digits, '_', '-', '.' or ':', a letter or digit first");
  EXPECT_FALSE(find("tr-none"));
  EXPECT_EQ(count("trace"), 0);
  std::int64_t gone = makeExperiment("gone");
  change([&](registry::Change& c) {
    tracking::deleteExperiment(c, workspace_, gone, registry::ClearanceIssuer::remove(false));
  });
  thrown(Code::invalid, [&] { log({spanOf(root)}, gone); });
  EXPECT_EQ(count("span"), 0);
}

TEST_P(TraceTest, WorkspacesMayUseTheSameId) {
  log({spanOf(root)});
  read([&](db::Transaction& s) { EXPECT_FALSE(findTrace(s, "other", traceId, everywhere)); });
}

TEST_P(TraceTest, AnIdThatIsUsedOutOfReachIsFree) {
  std::int64_t mine = makeExperiment("mine");
  auto isMine = [&](std::int64_t experiment) { return experiment == mine; };
  log({spanOf(root)});
  write([&](db::Transaction& s) { logSpans(s, workspace_, mine, {spanOf(root), spanOf(child, root)}); });
  EXPECT_EQ(find(traceId, isMine)->experiment, mine);
  EXPECT_EQ(find(traceId)->experiment, 0) << "the oldest";
  EXPECT_EQ(spans().size(), 1U);
  start({.experiment = mine, .clientRequestId = "second"});
  EXPECT_EQ(find(traceId, isMine)->clientRequestId, "second");
  EXPECT_EQ(get().clientRequestId, "");
  remove({.traceIds = {traceId}}, mine);
  EXPECT_FALSE(find(traceId, isMine));
  EXPECT_EQ(spans().size(), 1U);
}

TEST_P(TraceTest, TagsComeAndGo) {
  log({spanOf(root)});
  write([&](db::Transaction& s) {
    Trace trace = findTrace(s, workspace_, traceId, everywhere).value();
    setTraceTag(trace, "k", std::string(9000, 'x'));
    saveTrace(s, trace);
  });
  EXPECT_EQ(get().tags.at("k").size(), 8000u);
  Trace trace = get();
  deleteTraceTag(trace, "k");
  EXPECT_EQ(thrown(Code::notFound, [&] { deleteTraceTag(trace, "k"); }), "the trace '" + traceId + "' has no tag 'k'");
}

TEST_P(TraceTest, DeletionTakesSpansAlongAndIsOnRecord) {
  log({spanOf(root), spanOf(child, root)});
  start({.traceId = "tr-b", .requestTime = 5});
  start({.traceId = "tr-c", .requestTime = 6});
  EXPECT_EQ(remove({.traceIds = {"tr-c", "tr-none"}}), 1);
  EXPECT_EQ(remove({.traceIds = {"tr-b"}}, makeExperiment("other")), 0);
  EXPECT_EQ(remove({.upTo = 5000, .most = 1}), 1);
  EXPECT_EQ(count("trace"), 1);
  EXPECT_EQ(remove({.upTo = 5000}), 1);
  EXPECT_EQ(count("span"), 0);
  EXPECT_EQ(entries("traces.deleted").size(), 3u);
  thrown(Code::invalid, [&] { remove({}); });
  thrown(Code::invalid, [&] { remove({.traceIds = {"a"}, .upTo = 1}); });
  thrown(Code::invalid, [&] { remove({.upTo = 1, .most = 0}); });
}

TEST_P(TraceTest, RunsAreLinkedOnce) {
  log({spanOf(root)});
  std::string run = makeRun();
  for (int i = 0; i < 2; ++i)
    write([&](db::Transaction& s) { linkTracesToRun(s, workspace_, {traceId}, run, everywhere); });
  EXPECT_EQ(get().runs, std::vector<std::string>{run});
  thrown(Code::notFound,
         [&] { write([&](db::Transaction& s) { linkTracesToRun(s, workspace_, {traceId}, "none", everywhere); }); });
}

TEST_P(TraceTest, ALinkMayComeBeforeItsTrace) {
  std::string run = makeRun();
  write([&](db::Transaction& s) { linkTracesToRun(s, workspace_, {traceId}, run, everywhere); });
  EXPECT_FALSE(find(traceId));  // a link does not make a trace
  log({spanOf(root)});
  EXPECT_EQ(get().runs, std::vector<std::string>{run});
  EXPECT_EQ(get().requestTime, 1000);
  EXPECT_EQ(get().duration, 250);
  EXPECT_EQ(get().state, TraceState::ok);
}

TEST_P(TraceTest, ACompleteTraceHasAsManySpansAsTold) {
  start({.finalized = true, .metadata = {{"mlflow.trace.sizeStats", R"({"num_spans": 2})"}}});
  log({spanOf(root)});
  EXPECT_FALSE(isComplete(get(), spans()));
  log({spanOf(child, root)});
  EXPECT_TRUE(isComplete(get(), spans()));
}

TEST(Assessment, OneStandsInForAnother) {
  Trace trace{.traceId = "tr-a"};
  Assessment first = addAssessment(trace, {.name = "good", .value = "true"}, 5);
  EXPECT_TRUE(first.id.starts_with("a-"));
  EXPECT_EQ(first.createdAt, 5);
  Assessment second = addAssessment(trace, {.name = "good", .value = "false", .overrides = first.id}, 6);
  EXPECT_FALSE(getAssessment(trace, first.id).valid);
  removeAssessment(trace, second.id);
  EXPECT_TRUE(getAssessment(trace, first.id).valid);
  removeAssessment(trace, "a-none");
  EXPECT_EQ(
      thrown(Code::notFound, [&] { addAssessment(trace, {.name = "x", .value = "1", .overrides = "a-none"}, 0); }),
      "the trace 'tr-a' has no assessment 'a-none'");
}

TEST(Assessment, AnUpdateKeepsWhatItDoesNotName) {
  Trace trace{.traceId = "tr-a"};
  Assessment made =
      addAssessment(trace, {.name = "good", .value = "1", .rationale = "why", .metadata = {{"a", "1"}, {"b", "2"}}}, 5);
  Assessment changed =
      updateAssessment(trace, made.id, {.feedback = "0.5", .metadata = tracking::Texts{{"b", "3"}}}, 9);
  EXPECT_EQ(changed.value, "0.5");
  EXPECT_EQ(changed.rationale, "why");
  EXPECT_EQ(changed.metadata, (tracking::Texts{{"a", "1"}, {"b", "3"}}));
  EXPECT_EQ(changed.createdAt, 5);
  EXPECT_EQ(changed.updatedAt, 9);
  EXPECT_EQ(thrown(Code::invalid, [&] { updateAssessment(trace, made.id, {.expectation = "1"}, 9); }),
            "Cannot update expectation value on a Feedback assessment.");
  EXPECT_EQ(unpackAssessments(packAssessments(trace.assessments)).at(0).metadata, changed.metadata);
}

TEST(Assessment, NumbersAreFoundInValues) {
  auto number = [](const std::string& value) { return numberOf({.value = value}); };
  EXPECT_EQ(number("0.5"), 0.5);
  EXPECT_EQ(number("true"), 1);
  EXPECT_EQ(number("\"No\""), 0);
  EXPECT_FALSE(number("\"maybe\""));
  EXPECT_FALSE(number("null"));
  EXPECT_FALSE(number("[1]"));
}

}  // namespace
}  // namespace regesta::telemetry
