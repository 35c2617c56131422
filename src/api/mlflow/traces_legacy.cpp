#include "api/mlflow/trace_scope.h"
#include "api/mlflow/traces.h"
#include "api/mlflow/tracking_wire.h"
#include "api/tracking_scope.h"
#include "base/error.h"
#include "base/id.h"
#include "base/limits.h"
#include "base/text.h"
#include "quality/trace_quality.h"
#include "telemetry/trace_search.h"
#include "tracking/rules.h"

// MLflow's second version of traces: the current client still sets tags, deletes and links here; clients before 3.2
// log here, too, and keep their spans as an artifact.
namespace regesta::api::mlflow {
namespace {

using access::Verb;
using wire::KeyValue;

constexpr std::string_view statusWords[] = {"OK", "ERROR", "IN_PROGRESS"};

struct TraceInfoV2 {
  std::string request_id, experiment_id;
  std::int64_t timestamp_ms = 0;
  std::int64_t execution_time_ms = 0;
  std::string status;
  std::vector<KeyValue> request_metadata, tags;
  static constexpr Field fields[] = {field<&TraceInfoV2::request_id>("request_id"),
                                     field<&TraceInfoV2::experiment_id>("experiment_id"),
                                     field<&TraceInfoV2::timestamp_ms>("timestamp_ms"),
                                     field<&TraceInfoV2::execution_time_ms>("execution_time_ms"),
                                     field<&TraceInfoV2::status>("status"),
                                     field<&TraceInfoV2::request_metadata>("request_metadata"),
                                     field<&TraceInfoV2::tags>("tags")};
};
struct OneInfo {
  TraceInfoV2 trace_info;
  static constexpr Field fields[] = {field<&OneInfo::trace_info>("trace_info")};
};
struct StartRequest {
  std::string experiment_id;
  std::int64_t timestamp_ms = 0;
  std::vector<KeyValue> request_metadata, tags;
  static constexpr Field fields[] = {
      field<&StartRequest::experiment_id>("experiment_id"), field<&StartRequest::timestamp_ms>("timestamp_ms"),
      field<&StartRequest::request_metadata>("request_metadata"), field<&StartRequest::tags>("tags")};
};
struct EndRequest {
  std::string request_id;
  std::int64_t timestamp_ms = 0;
  std::string status;
  std::vector<KeyValue> request_metadata, tags;
  static constexpr Field fields[] = {
      field<&EndRequest::request_id>("request_id", required), field<&EndRequest::timestamp_ms>("timestamp_ms"),
      field<&EndRequest::status>("status", oneOf(statusWords)),
      field<&EndRequest::request_metadata>("request_metadata"), field<&EndRequest::tags>("tags")};
};
struct RequestRef {
  std::string request_id;
  static constexpr Field fields[] = {field<&RequestRef::request_id>("request_id", required)};
};
struct SearchRequestV2 {
  std::vector<std::string> experiment_ids;
  std::string filter, page_token;
  std::vector<std::string> order_by;
  std::int32_t max_results = 100;
  static constexpr Field fields[] = {
      field<&SearchRequestV2::experiment_ids>("experiment_ids", required), field<&SearchRequestV2::filter>("filter"),
      field<&SearchRequestV2::page_token>("page_token"), field<&SearchRequestV2::order_by>("order_by"),
      field<&SearchRequestV2::max_results>("max_results", atMost(limits::traceSearchResults))};
};
struct SearchAnswerV2 {
  std::vector<TraceInfoV2> traces;
  std::optional<std::string> next_page_token;
  static constexpr Field fields[] = {field<&SearchAnswerV2::traces>("traces"),
                                     field<&SearchAnswerV2::next_page_token>("next_page_token")};
};
struct TagRequestV2 {
  std::string request_id, key, value;
  static constexpr Field fields[] = {field<&TagRequestV2::request_id>("request_id", required),
                                     field<&TagRequestV2::key>("key", required), field<&TagRequestV2::value>("value")};
};
struct DeleteRequestV2 {
  std::string experiment_id;
  std::optional<std::int64_t> max_timestamp_millis;
  std::optional<std::int32_t> max_traces;
  std::vector<std::string> request_ids;
  static constexpr Field fields[] = {field<&DeleteRequestV2::experiment_id>("experiment_id", required),
                                     field<&DeleteRequestV2::max_timestamp_millis>("max_timestamp_millis"),
                                     field<&DeleteRequestV2::max_traces>("max_traces"),
                                     field<&DeleteRequestV2::request_ids>("request_ids")};
};
struct DeleteAnswerV2 {
  std::int32_t traces_deleted = 0;
  static constexpr Field fields[] = {field<&DeleteAnswerV2::traces_deleted>("traces_deleted")};
};
struct LinkToRun {
  std::vector<std::string> trace_ids;
  std::string run_id;
  static constexpr Field fields[] = {field<&LinkToRun::trace_ids>("trace_ids", required),
                                     field<&LinkToRun::run_id>("run_id", required)};
};
struct PromptVersionRef {
  std::string name, version;
  static constexpr Field fields[] = {field<&PromptVersionRef::name>("name", required),
                                     field<&PromptVersionRef::version>("version", required)};
};
struct LinkPrompts {
  std::string trace_id;
  std::vector<PromptVersionRef> prompt_versions;
  static constexpr Field fields[] = {
      field<&LinkPrompts::trace_id>("trace_id", required),
      field<&LinkPrompts::prompt_versions>("prompt_versions", required | atMost(limits::traceLinksPerCall))};
};

TraceInfoV2 infoV2Of(const telemetry::Trace& trace) {
  return {.request_id = trace.traceId,
          .experiment_id = std::to_string(trace.experiment),
          .timestamp_ms = trace.requestTime,
          .execution_time_ms = trace.duration.value_or(0),
          .status = trace.state == telemetry::TraceState::unspecified ? "TRACE_STATUS_UNSPECIFIED"
                                                                      : std::string(telemetry::stateName(trace.state)),
          .request_metadata = wire::listOf(trace.metadata),
          .tags = wire::listOf(trace.tags)};
}

OneInfo start(Call& call, const StartRequest& in) {
  telemetry::Trace told{.traceId = telemetry::prefixedTraceId(randomHex(16)),
                        .workspace = call.workspace,
                        .experiment = tracking::parseExperimentId(in.experiment_id),
                        .requestTime = in.timestamp_ms,
                        .state = telemetry::TraceState::inProgress,
                        .tags = wire::textsOf(in.tags),
                        .metadata = wire::textsOf(in.request_metadata)};
  telemetry::Trace started = call.core.store.write([&](db::Transaction& transaction) {
    requireExperiment(call, Verb::write, transaction, told.experiment);
    return telemetry::startTrace(transaction, told);
  });
  quality::observeTraces(call.core.store, *call.identity, call.workspace, {started}, quality::usesOf(told));
  return {infoV2Of(started)};
}

OneInfo end(Call& call, const EndRequest& in) {
  telemetry::Trace ended = call.core.store.write([&](db::Transaction& transaction) {
    telemetry::Trace trace = traceFor(call, Verb::write, transaction, in.request_id);
    trace.duration = in.timestamp_ms - trace.requestTime;
    if (!in.status.empty()) trace.state = *telemetry::parseTraceState(in.status);
    for (const KeyValue& entry : in.request_metadata) trace.metadata.insert_or_assign(entry.key, entry.value);
    for (const KeyValue& tag : in.tags) trace.tags.insert_or_assign(tag.key, tag.value);
    return telemetry::startTrace(transaction, trace);
  });
  telemetry::Trace told{.traceId = ended.traceId, .tags = wire::textsOf(in.tags)};
  quality::observeTraces(call.core.store, *call.identity, call.workspace, {ended}, quality::usesOf(told));
  return {infoV2Of(ended)};
}

OneInfo getInfo(Call& call, const RequestRef& in) {
  return call.core.store.read([&](db::Transaction& transaction) -> OneInfo {
    return {infoV2Of(traceFor(call, Verb::read, transaction, in.request_id))};
  });
}

SearchAnswerV2 searchV2(Call& call, const SearchRequestV2& in) {
  telemetry::TraceSearch search{
      .filter = in.filter, .orderBy = in.order_by, .maxResults = in.max_results, .pageToken = in.page_token};
  for (const std::string& id : in.experiment_ids) search.experiments.push_back(tracking::parseExperimentId(id));
  return call.core.store.read([&](db::Transaction& transaction) {
    search.experiments = readable(call, transaction, std::move(search.experiments));
    tracking::Page<telemetry::Trace> page = telemetry::searchTraces(transaction, call.workspace, search);
    SearchAnswerV2 answer;
    for (const telemetry::Trace& trace : page.items) answer.traces.push_back(infoV2Of(trace));
    if (!page.nextPageToken.empty()) answer.next_page_token = page.nextPageToken;
    return answer;
  });
}

Empty setTagV2(Call& call, const TagRequestV2& in) {
  setTag(call, in.request_id, in.key, in.value);
  return {};
}
Empty deleteTagV2(Call& call, const TagRequestV2& in) {
  deleteTag(call, in.request_id, in.key);
  return {};
}
DeleteAnswerV2 deleteV2(Call& call, const DeleteRequestV2& in) {
  telemetry::TraceDeletion which{in.request_ids, in.max_timestamp_millis, in.max_traces};
  return {static_cast<std::int32_t>(deleteTraces(call, in.experiment_id, which))};
}

Empty linkToRun(Call& call, const LinkToRun& in) {
  call.core.store.write([&](db::Transaction& transaction) {
    requireRun(call, Verb::write, transaction, in.run_id);
    if (in.trace_ids.size() <= limits::traceLinksPerCall)
      for (const std::string& id : in.trace_ids) requireWritableTrace(call, transaction, id);
    telemetry::linkTracesToRun(transaction, call.workspace, in.trace_ids, in.run_id,
                               reachOf(call, Verb::write, transaction));
  });
  return {};
}

Empty linkPrompts(Call& call, const LinkPrompts& in) {
  for (const PromptVersionRef& prompt : in.prompt_versions)
    if (!parseInteger(prompt.version)) throw Invalid("prompt_versions.version", "must be a version's number");
  telemetry::Trace linked = call.core.store.write([&](db::Transaction& transaction) {
    telemetry::Trace trace = traceFor(call, Verb::write, transaction, in.trace_id);
    for (const PromptVersionRef& prompt : in.prompt_versions) {
      std::string text = fmt::format("{}/{}", prompt.name, prompt.version);
      if (std::find(trace.prompts.begin(), trace.prompts.end(), text) == trace.prompts.end())
        trace.prompts.push_back(std::move(text));
    }
    telemetry::saveTrace(transaction, trace);
    return trace;
  });
  std::vector<quality::PromptUse> told;
  for (const PromptVersionRef& prompt : in.prompt_versions)
    told.push_back({linked.traceId, "", prompt.name, prompt.version});
  quality::observeTraces(call.core.store, *call.identity, call.workspace, {linked}, told);
  return {};
}

}  // namespace

std::span<const Route> legacyTraceRoutes() {
  static const Route routes[] = {
      post("/api/2.0/mlflow/traces", "Start a trace (version 2)", writes("traces"), start),
      patch("/api/2.0/mlflow/traces/{request_id}", "End a trace (version 2)", writes("traces"), end),
      get("/api/2.0/mlflow/traces", "Search traces (version 2)", searching(reads("traces")), searchV2),
      get("/api/2.0/mlflow/traces/{request_id}/info", "Get a trace without its spans (version 2)", reads("traces"),
          getInfo),
      patch("/api/2.0/mlflow/traces/{request_id}/tags", "Set a trace tag (version 2)", writes("traces"), setTagV2),
      del("/api/2.0/mlflow/traces/{request_id}/tags", "Delete a trace tag (version 2)", writes("traces"), deleteTagV2),
      post("/api/2.0/mlflow/traces/delete-traces", "Delete traces (version 2)", writes("traces"), deleteV2),
      post("/api/2.0/mlflow/traces/link-to-run", "Link traces to a run", writes("traces"), linkToRun),
      post("/api/2.0/mlflow/traces/link-prompts", "Link prompt versions to a trace", writes("traces"), linkPrompts),
  };
  return routes;
}

}  // namespace regesta::api::mlflow
