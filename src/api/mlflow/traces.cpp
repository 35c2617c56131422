#include "api/mlflow/traces.h"

#include "api/mlflow/trace_scope.h"
#include "api/mlflow/trace_wire.h"
#include "api/tracking_scope.h"
#include "base/error.h"
#include "base/limits.h"
#include "quality/trace_quality.h"
#include "telemetry/trace_search.h"
#include "tracking/rules.h"

namespace regesta::api::mlflow {
namespace {

using access::Verb;

struct OneTrace {
  wire::Trace trace;
  static constexpr Field fields[] = {field<&OneTrace::trace>("trace", required)};
};
struct TraceRef {
  std::string trace_id;
  static constexpr Field fields[] = {field<&TraceRef::trace_id>("trace_id", required)};
};
struct TagRequest {
  std::string trace_id, key, value;
  static constexpr Field fields[] = {field<&TagRequest::trace_id>("trace_id", required),
                                     field<&TagRequest::key>("key", required), field<&TagRequest::value>("value")};
};
struct SearchRequest {
  std::vector<wire::TraceLocation> locations;
  std::string filter, page_token;
  std::vector<std::string> order_by;
  std::int32_t max_results = 100;
  static constexpr Field fields[] = {
      field<&SearchRequest::locations>("locations", required), field<&SearchRequest::filter>("filter"),
      field<&SearchRequest::page_token>("page_token"), field<&SearchRequest::order_by>("order_by"),
      field<&SearchRequest::max_results>("max_results", atMost(limits::traceSearchResults))};
};
struct SearchAnswer {
  std::vector<wire::TraceInfo> traces;
  std::optional<std::string> next_page_token;
  static constexpr Field fields[] = {field<&SearchAnswer::traces>("traces"),
                                     field<&SearchAnswer::next_page_token>("next_page_token")};
};
struct BatchInfosRequest {
  std::vector<std::string> trace_ids;
  std::optional<std::vector<std::string>> experiment_ids;
  static constexpr Field fields[] = {
      field<&BatchInfosRequest::trace_ids>("trace_ids", required | atMost(limits::pageSize)),
      field<&BatchInfosRequest::experiment_ids>("experiment_ids")};
};
struct BatchInfosAnswer {
  std::vector<wire::TraceInfo> trace_infos;
  static constexpr Field fields[] = {field<&BatchInfosAnswer::trace_infos>("trace_infos")};
};
struct DeleteRequest {
  std::string experiment_id;
  std::optional<std::int64_t> max_timestamp_millis;
  std::optional<std::int32_t> max_traces;
  std::vector<std::string> request_ids;
  static constexpr Field fields[] = {field<&DeleteRequest::experiment_id>("experiment_id", required),
                                     field<&DeleteRequest::max_timestamp_millis>("max_timestamp_millis"),
                                     field<&DeleteRequest::max_traces>("max_traces"),
                                     field<&DeleteRequest::request_ids>("request_ids")};
};
struct DeleteAnswer {
  std::int32_t traces_deleted = 0;
  static constexpr Field fields[] = {field<&DeleteAnswer::traces_deleted>("traces_deleted")};
};

/// The client calls this when a trace has ended, before or after its spans.
OneTrace startTrace(Call& call, const OneTrace& in) {
  telemetry::Trace told = wire::traceOf(in.trace.trace_info);
  told.workspace = call.workspace;
  told.finalized = true;
  telemetry::Trace trace = call.core.store.write([&](db::Transaction& transaction) {
    requireExperiment(call, Verb::write, transaction, told.experiment);
    return telemetry::startTrace(transaction, told);
  });
  quality::observeTraces(call.core.store, *call.identity, call.workspace, {trace}, quality::usesOf(told));
  if (!told.assessments.empty()) quality::observeFeedback(call.core.store, *call.identity, trace);
  return {{wire::infoOf(trace), {}}};
}

OneTrace getInfo(Call& call, const TraceRef& in) {
  return call.core.store.read([&](db::Transaction& transaction) -> OneTrace {
    return {{wire::infoOf(traceFor(call, Verb::read, transaction, in.trace_id)), {}}};
  });
}

SearchAnswer searchTraces(Call& call, const SearchRequest& in) {
  telemetry::TraceSearch search{
      .filter = in.filter, .orderBy = in.order_by, .maxResults = in.max_results, .pageToken = in.page_token};
  for (const wire::TraceLocation& location : in.locations)
    if (location.mlflow_experiment)
      search.experiments.push_back(tracking::parseExperimentId(location.mlflow_experiment->experiment_id));
  return call.core.store.read([&](db::Transaction& transaction) {
    search.experiments = readable(call, transaction, std::move(search.experiments));
    tracking::Page<telemetry::Trace> page = telemetry::searchTraces(transaction, call.workspace, search);
    SearchAnswer answer;
    for (const telemetry::Trace& trace : page.items) answer.traces.push_back(wire::infoOf(trace));
    if (!page.nextPageToken.empty()) answer.next_page_token = page.nextPageToken;
    return answer;
  });
}

/// Unknown ids are left out.
BatchInfosAnswer batchInfos(Call& call, const BatchInfosRequest& in) {
  return call.core.store.read([&](db::Transaction& transaction) {
    BatchInfosAnswer answer;
    for (const telemetry::Trace& trace : tracesOf(call, transaction, in.trace_ids, in.experiment_ids))
      answer.trace_infos.push_back(wire::infoOf(trace));
    return answer;
  });
}

DeleteAnswer deleteTraces(Call& call, const DeleteRequest& in) {
  telemetry::TraceDeletion which{in.request_ids, in.max_timestamp_millis, in.max_traces};
  return {static_cast<std::int32_t>(mlflow::deleteTraces(call, in.experiment_id, which))};
}

Empty setTag(Call& call, const TagRequest& in) {
  mlflow::setTag(call, in.trace_id, in.key, in.value);
  return {};
}
Empty deleteTag(Call& call, const TagRequest& in) {
  mlflow::deleteTag(call, in.trace_id, in.key);
  return {};
}

}  // namespace

std::span<const Route> traceRoutes() {
  static const Route routes[] = {
      post("/api/3.0/mlflow/traces", "Start a trace", writes("traces"), startTrace),
      get("/api/3.0/mlflow/traces/{trace_id}", "Get a trace without its spans", reads("traces"), getInfo),
      post("/api/3.0/mlflow/traces/search", "Search traces", searching(reads("traces")), searchTraces),
      post("/api/3.0/mlflow/traces/batchGetInfos", "Get several traces without their spans", scanning(reads("traces")),
           batchInfos),
      post("/api/3.0/mlflow/traces/delete-traces", "Delete traces", writes("traces"), deleteTraces),
      patch("/api/3.0/mlflow/traces/{trace_id}/tags", "Set a trace tag", writes("traces"), setTag),
      del("/api/3.0/mlflow/traces/{trace_id}/tags", "Delete a trace tag", writes("traces"), deleteTag),
  };
  return routes;
}

}  // namespace regesta::api::mlflow
