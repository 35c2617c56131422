#include "api/mlflow/trace_scope.h"

#include "api/tracking_scope.h"
#include "base/error.h"
#include "delivery/trace_quality.h"
#include "tracking/rules.h"

namespace regesta::api::mlflow {

using governance::Verb;

tracking::Trace traceFor(const Call& call, Verb verb, db::Session& session, std::string_view traceId) {
  tracking::Trace trace = tracking::getTrace(session, call.workspace, traceId);
  requireExperiment(call, verb, session, trace.experiment);
  return trace;
}

void requireTrace(const Call& call, Verb verb, db::Session& session, std::string_view traceId) {
  if (auto trace = tracking::findTrace(session, call.workspace, traceId))
    requireExperiment(call, verb, session, trace->experiment);
}

std::vector<tracking::Trace> tracesOf(const Call& call, db::Session& session, const std::vector<std::string>& ids,
                                      const std::optional<std::vector<std::string>>& experiments) {
  std::vector<std::int64_t> allowed;
  if (experiments)
    for (const std::string& id : *experiments) allowed.push_back(tracking::parseExperimentId(id));
  std::vector<tracking::Trace> traces;
  for (const std::string& id : ids) {
    std::optional<tracking::Trace> trace = tracking::findTrace(session, call.workspace, id);
    if (!trace) continue;
    bool inside = !experiments || std::find(allowed.begin(), allowed.end(), trace->experiment) != allowed.end();
    if (inside && !readable(call, session, {trace->experiment}).empty()) traces.push_back(*std::move(trace));
  }
  return traces;
}

void checkFreeTag(std::string_view key, std::string_view operation) {
  if (key == tracking::trace_keys::spansLocation || key == "mlflow.trace.archiveLocation" ||
      (key == "mlflow.trace.archivalFailure" && operation == "set"))
    throw error(Code::invalid, "Tag '{}' is immutable and cannot be {} on a trace.", key, operation);
}

void setTag(Call& call, std::string_view traceId, std::string_view key, std::string_view value) {
  checkFreeTag(key, "set");
  tracking::checkTraceTag(key);  // before the trace is looked for, as MLflow does
  tracking::Trace changed = call.core.store.write([&](db::Session& session) {
    tracking::Trace trace = traceFor(call, Verb::write, session, traceId);
    tracking::setTraceTag(trace, key, value);
    tracking::saveTrace(session, trace);
    return trace;
  });
  if (key == tracking::trace_keys::linkedPrompts)
    delivery::observeTraces(call.core.store, call.workspace, {std::move(changed)});
}

void deleteTag(Call& call, std::string_view traceId, std::string_view key) {
  checkFreeTag(key, "deleted");
  call.core.store.write([&](db::Session& session) {
    tracking::Trace trace = traceFor(call, Verb::write, session, traceId);
    tracking::deleteTraceTag(trace, key);
    tracking::saveTrace(session, trace);
  });
}

std::int64_t deleteTraces(Call& call, const std::string& experimentId, const tracking::TraceDeletion& which) {
  std::int64_t experiment = tracking::parseExperimentId(experimentId);
  return call.core.store.change(call.actor(), [&](registry::Change& change) {
    requireExperiment(call, Verb::write, change.session, experiment);
    return tracking::deleteTraces(change, call.workspace, experiment, which);
  });
}

}  // namespace regesta::api::mlflow
