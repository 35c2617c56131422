#include "api/mlflow/trace_scope.h"

#include "api/tracking_scope.h"
#include "base/error.h"
#include "quality/trace_quality.h"
#include "tracking/missing.h"
#include "tracking/rules.h"

namespace regesta::api::mlflow {

using access::Verb;

telemetry::Trace traceFor(const Call& call, Verb verb, db::Transaction& transaction, std::string_view traceId) {
  auto trace = telemetry::findTrace(transaction, call.workspace, traceId, reachOf(call, verb, transaction));
  if (trace) return *std::move(trace);
  requireWritableTrace(call, transaction, traceId);
  throw tracking::Missing("trace", traceId);
}

std::optional<telemetry::Trace> findVisibleTrace(const Call& call, db::Transaction& transaction,
                                                 std::string_view traceId) {
  return telemetry::findTrace(transaction, call.workspace, traceId, reachOf(call, Verb::read, transaction));
}

void requireWritableTrace(const Call& call, db::Transaction& transaction, std::string_view traceId) {
  if (findVisibleTrace(call, transaction, traceId) &&
      !telemetry::findTrace(transaction, call.workspace, traceId, reachOf(call, Verb::write, transaction)))
    throw governance::lacking(*call.identity, Verb::write, call.workspace, "trace");
}

std::vector<telemetry::Trace> tracesOf(const Call& call, db::Transaction& transaction,
                                       const std::vector<std::string>& ids,
                                       const std::optional<std::vector<std::string>>& experiments) {
  std::vector<std::int64_t> allowed;
  if (experiments)
    for (const std::string& id : *experiments) allowed.push_back(tracking::parseExperimentId(id));
  telemetry::Reach readable = reachOf(call, Verb::read, transaction);
  auto reach = [&](std::int64_t experiment) {
    return (!experiments || std::ranges::find(allowed, experiment) != allowed.end()) && readable(experiment);
  };
  std::vector<telemetry::Trace> traces;
  for (const std::string& id : ids)
    if (auto trace = telemetry::findTrace(transaction, call.workspace, id, reach)) traces.push_back(*std::move(trace));
  return traces;
}

void checkFreeTag(std::string_view key, std::string_view operation) {
  if (key == telemetry::trace_keys::spansLocation || key == "mlflow.trace.archiveLocation" ||
      (key == "mlflow.trace.archivalFailure" && operation == "set"))
    throw error(Code::invalid, "Tag '{}' is immutable and cannot be {} on a trace.", key, operation);
}

void setTag(Call& call, std::string_view traceId, std::string_view key, std::string_view value) {
  checkFreeTag(key, "set");
  telemetry::checkTraceTag(key);  // before the trace is looked for, as MLflow does
  telemetry::Trace changed = call.core.store.write([&](db::Transaction& transaction) {
    telemetry::Trace trace = traceFor(call, Verb::write, transaction, traceId);
    telemetry::setTraceTag(trace, key, value);
    telemetry::saveTrace(transaction, trace);
    return trace;
  });
  if (key != telemetry::trace_keys::linkedPrompts) return;
  telemetry::Trace told{.traceId = changed.traceId, .tags = {{std::string(key), std::string(value)}}};
  quality::observeTraces(call.core.store, *call.identity, call.workspace, {changed}, quality::usesOf(told));
}

void deleteTag(Call& call, std::string_view traceId, std::string_view key) {
  checkFreeTag(key, "deleted");
  call.core.store.write([&](db::Transaction& transaction) {
    if (!findVisibleTrace(call, transaction, traceId)) throw tracking::Missing("tag", key, "trace", traceId);
    telemetry::Trace trace = traceFor(call, Verb::write, transaction, traceId);
    telemetry::deleteTraceTag(trace, key);
    telemetry::saveTrace(transaction, trace);
  });
}

namespace {

/// MLflow's messages for a selection that telemetry::deleteTraces() would refuse.
void checkDeletion(const telemetry::TraceDeletion& which) {
  if (!which.upTo && which.traceIds.empty())
    throw Error(Code::invalid, "Either `max_timestamp_millis` or `trace_ids` must be specified.");
  if (which.upTo && !which.traceIds.empty())
    throw Error(Code::invalid, "Only one of `max_timestamp_millis` and `trace_ids` can be specified.");
  if (which.most && !which.traceIds.empty())
    throw Error(Code::invalid, "`max_traces` can't be specified if `trace_ids` is specified.");
  if (which.most && *which.most <= 0)
    throw error(Code::invalid, "`max_traces` must be a positive integer, received {}.", *which.most);
}

}  // namespace

std::int64_t deleteTraces(Call& call, const std::string& experimentId, const telemetry::TraceDeletion& which) {
  std::int64_t experiment = tracking::parseExperimentId(experimentId);
  return call.core.store.change(call.actor(), [&](registry::Change& change) {
    requireExperiment(call, Verb::write, change.transaction, experiment);
    checkDeletion(which);
    return telemetry::deleteTraces(change, call.workspace, experiment, which);
  });
}

}  // namespace regesta::api::mlflow
