#include "api/mlflow/metrics.h"

#include <set>

#include "api/mlflow/tracking_wire.h"
#include "api/tracking_scope.h"
#include "base/limits.h"
#include "base/text.h"
#include "tracking/history.h"

namespace regesta::api::mlflow {
namespace {

using access::Verb;

constexpr std::string_view seeDocs = " See the API docs for more information about request parameters.";

struct GetHistory {
  std::string run_id, run_uuid, metric_key, page_token;
  std::optional<std::int32_t> max_results;
  static constexpr Field fields[] = {field<&GetHistory::run_id>("run_id"), field<&GetHistory::run_uuid>("run_uuid"),
                                     field<&GetHistory::metric_key>("metric_key", required),
                                     field<&GetHistory::page_token>("page_token"),
                                     field<&GetHistory::max_results>("max_results")};
};
struct History {
  std::vector<wire::Metric> metrics;
  std::optional<std::string> next_page_token;
  static constexpr Field fields[] = {field<&History::metrics>("metrics"),
                                     field<&History::next_page_token>("next_page_token")};
};
struct GetHistoryBulk {
  std::vector<std::string> run_id;
  std::optional<std::string> metric_key;
  std::int64_t max_results = limits::historyPoints;
  static constexpr Field fields[] = {field<&GetHistoryBulk::run_id>("run_id"),
                                     field<&GetHistoryBulk::metric_key>("metric_key"),
                                     field<&GetHistoryBulk::max_results>("max_results", atLeast(0))};
};
/// Unlike other answers this one has its list even when it is empty.
struct HistoryBulk {
  RawJson metrics;
  static constexpr Field fields[] = {field<&HistoryBulk::metrics>("metrics")};
};
struct GetHistoryInterval {
  std::vector<std::string> run_ids;
  std::string metric_key;
  std::optional<std::int32_t> start_step, end_step;
  std::int64_t max_results = limits::sampledPoints;
  static constexpr Field fields[] = {field<&GetHistoryInterval::run_ids>("run_ids", present),
                                     field<&GetHistoryInterval::metric_key>("metric_key", required),
                                     field<&GetHistoryInterval::start_step>("start_step"),
                                     field<&GetHistoryInterval::end_step>("end_step"),
                                     field<&GetHistoryInterval::max_results>("max_results")};
};

History getHistory(Call& call, const GetHistory& in) {
  const std::string& runId = wire::runIdOf(in);
  if (in.max_results && *in.max_results <= 0)
    throw error(Code::invalid, "Invalid value {} for parameter 'max_results' supplied. It must be a positive integer.",
                *in.max_results);
  auto page = call.core.store.read([&](db::Transaction& transaction) {
    requireRun(call, Verb::read, transaction, runId);
    return tracking::metricHistoryPage(transaction, call.workspace, runId, in.metric_key, in.max_results,
                                       in.page_token);
  });
  History history;
  history.metrics.reserve(page.items.size());
  for (const tracking::Metric& point : page.items) history.metrics.push_back(wire::metricOf(point));
  if (!page.nextPageToken.empty()) history.next_page_token = page.nextPageToken;
  return history;
}

void writePoint(JsonWriter& w, const tracking::Metric& point, const std::string& runId) {
  w.object().key("key").text(point.key).key("value").real(point.value).key("timestamp").number(point.timestamp);
  w.key("step").number(point.step).key("run_id").text(runId).end();
}

HistoryBulk getHistoryBulk(Call& call, const GetHistoryBulk& in) {
  if (in.run_id.empty()) throw Error(Code::invalid, "GetMetricHistoryBulk request must specify at least one run_id.");
  if (in.run_id.size() > limits::historyRuns)
    throw error(Code::invalid, "GetMetricHistoryBulk request cannot specify more than {} run_ids. Received {} run_ids.",
                limits::historyRuns, in.run_id.size());
  if (!in.metric_key) throw Error(Code::invalid, "GetMetricHistoryBulk request must specify a metric_key.");
  auto left = std::min<std::size_t>(static_cast<std::size_t>(in.max_results), limits::historyPoints);
  HistoryBulk bulk;
  JsonWriter w(bulk.metrics.text);
  w.array();
  call.core.store.read([&](db::Transaction& transaction) {
    for (const std::string& runId : std::set(in.run_id.begin(), in.run_id.end())) {
      requireRun(call, Verb::read, transaction, runId);
      for (const auto& point : tracking::metricHistory(transaction, call.workspace, runId, *in.metric_key)) {
        if (left == 0) return;
        --left;
        writePoint(w, point, runId);
      }
    }
  });
  w.end();
  return bulk;
}

void checkInterval(const GetHistoryInterval& in) {
  if (in.run_ids.size() > limits::historyRuns)
    throw error(Code::invalid,
                "GetMetricHistoryBulkInterval request must specify at most {} run_ids. Received {} run_ids.{}",
                limits::historyRuns, in.run_ids.size(), seeDocs);
  if (in.max_results < 1 || in.max_results > static_cast<std::int64_t>(limits::sampledPoints))
    throw error(Code::invalid, "max_results must be between 1 and {}.{}", limits::sampledPoints, seeDocs);
  if (in.start_step.has_value() != in.end_step.has_value())
    throw Error(Code::invalid, "If either start step or end step are specified, both must be specified.");
  if (in.start_step && *in.start_step > *in.end_step)
    throw error(Code::invalid, "end_step must be greater than start_step. Found start_step={} and end_step={}.",
                *in.start_step, *in.end_step);
}

History getHistoryInterval(Call& call, const GetHistoryInterval& in) {
  checkInterval(in);
  History history;
  call.core.store.read([&](db::Transaction& transaction) {
    history.metrics.clear();
    for (const std::string& runId : in.run_ids) requireRun(call, Verb::read, transaction, runId);
    auto samples = tracking::sampledHistories(transaction, call.workspace, in.run_ids, in.metric_key,
                                              static_cast<std::size_t>(in.max_results), in.start_step, in.end_step);
    for (std::size_t i = 0; i < samples.size(); ++i)
      for (const tracking::Metric& point : samples[i]) {
        history.metrics.push_back(wire::metricOf(point));
        history.metrics.back().run_id = in.run_ids[i];
      }
  });
  return history;
}

}  // namespace

std::span<const Route> metricRoutes() {
  static const Route routes[] = {
      get("/api/2.0/mlflow/metrics/get-history", "Get the history of a metric", scanning(reads("runs")), getHistory),
      get("/api/2.0/mlflow/metrics/get-history-bulk", "Get the history of a metric in several runs",
          scanning(reads("runs")), getHistoryBulk),
      get("/api/2.0/mlflow/metrics/get-history-bulk-interval", "Get sampled metric histories of several runs",
          scanning(reads("runs")), getHistoryInterval),
  };
  return routes;
}

}  // namespace regesta::api::mlflow
