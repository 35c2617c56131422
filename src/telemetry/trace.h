#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "telemetry/assessment.h"
#include "telemetry/span.h"
#include "tracking/experiment.h"

namespace regesta::telemetry {

/// How to read traces with SQL; with SQLite:
///   SELECT trace_id, duration, tags ->> 'mlflow.traceName' AS name FROM trace WHERE experiment = 1 AND state = 2;
///   SELECT name, (end_ns - start_ns) / 1e6 AS ms, body ->> '$.attributes' FROM span
///     WHERE trace = (SELECT id FROM trace WHERE trace_id = 'tr-…') ORDER BY start_ns;

enum class TraceState { unspecified = 0, ok = 1, error = 2, inProgress = 3 };
std::string_view stateName(TraceState state);  ///< "OK"
std::optional<TraceState> parseTraceState(std::string_view name);

/// A trace without its spans.
struct Trace {
  std::int64_t row = 0;
  std::string traceId;  ///< MLflow's: "tr-" and 32 hexadecimal digits, or what the client chose
  std::string workspace;
  std::int64_t experiment = 0;
  std::int64_t requestTime = 0;          ///< milliseconds
  std::optional<std::int64_t> duration;  ///< milliseconds
  TraceState state = TraceState::unspecified;
  bool finalized = false;  ///< sent by the client; later spans do not change it
  std::string clientRequestId;
  std::optional<std::string> requestPreview, responsePreview;
  tracking::Texts tags, metadata;
  std::vector<Assessment> assessments;  ///< in order of creation
  std::vector<std::string> runs;        ///< linked to it, besides the one in metadata
  std::vector<std::string> prompts;     ///< linked by the client: "name/3"
  bool ended() const { return state == TraceState::ok || state == TraceState::error; }
};

/// The experiments whose traces a call may use. Clients choose the ids of traces, so an id is unique in its experiment
/// only: what is sent to an experiment is of the trace there, and a call that names none does not find those out of
/// reach.
using Reach = std::function<bool(std::int64_t experiment)>;

/// The id of a trace that came as OTLP: "tr-" and its digits, as MLflow's clients name it.
std::string prefixedTraceId(std::string_view hex);

/// Stores a trace that a client sends, usually when it has ended. Overwrites what came from its spans; merges tags and
/// metadata. Throws Error{notFound} for an unknown experiment, Error{invalid} for a deleted one and for
/// ids, tags and metadata that break a rule.
Trace startTrace(db::Transaction& transaction, Trace told);

/// Stores spans of any traces and replaces existing ones. A trace that is not in `experiment` is created there; until a
/// client sends it, its times, state, tokens and previews come from the spans. Returns the traces. Throws like
/// startTrace.
std::vector<Trace> logSpans(db::Transaction& transaction, std::string_view workspace, std::int64_t experiment,
                            const std::vector<Span>& spans);

/// The oldest one with this id.
std::optional<Trace> findTrace(db::Transaction& transaction, std::string_view workspace, std::string_view traceId,
                               const Reach& reach);
/// Newest first, at most `limit`, of all experiments.
std::vector<Trace> newestTraces(db::Transaction& transaction, std::string_view workspace, std::int64_t limit);
/// Roots first, then by start. Empty if the client stores them elsewhere (as an artifact).
std::vector<Span> spansOf(db::Transaction& transaction, const Trace& trace);
/// False while there are fewer spans than the client announced.
bool isComplete(const Trace& trace, const std::vector<Span>& spans);

/// Stores a changed trace of findTrace().
void saveTrace(db::Transaction& transaction, const Trace& trace);

/// Throws Error{invalid} for a key that breaks a rule.
void checkTraceTag(std::string_view key);
/// Values are cut to MLflow's length. Throws like checkTraceTag().
void setTraceTag(Trace& trace, std::string_view key, std::string_view value);
/// Throws Error{notFound} if there is no such tag.
void deleteTraceTag(Trace& trace, std::string_view key);

/// Which traces of an experiment to delete: those named, or the oldest up to a time, `most` at most.
struct TraceDeletion {
  std::vector<std::string> traceIds;
  std::optional<std::int64_t> upTo, most;
};
/// Deletes traces with their spans and assessments, by `traceIds` or up to a request time (the oldest `most` of them);
/// returns their number. Throws Invalid if both are given, or neither.
std::int64_t deleteTraces(registry::Change& change, std::string_view workspace, std::int64_t experiment,
                          const TraceDeletion& which);

/// Throw Error{notFound} for an unknown run. At most limits::traceLinksPerCall per call. A trace that is
/// unknown is linked when it arrives in the run's experiment, because clients send traces in the background.
void linkTraceToRun(db::Transaction& transaction, Trace& trace, std::string_view runId);
void linkTracesToRun(db::Transaction& transaction, std::string_view workspace, const std::vector<std::string>& traceIds,
                     std::string_view runId, const Reach& reach);

/// The columns that readTrace() reads.
inline constexpr std::string_view traceColumns =
    "id, trace_id, workspace, experiment, request_time, duration, state, finalized, client_request_id, "
    "request_preview, response_preview, tags, metadata, assessments, links";
Trace readTrace(const db::Rows& rows);

namespace trace_keys {
inline constexpr std::string_view name = "mlflow.traceName";
inline constexpr std::string_view artifactLocation = "mlflow.artifactLocation";
inline constexpr std::string_view spansLocation =
    "mlflow.trace.spansLocation";                                          ///< TRACKING_STORE: stored by this server
inline constexpr std::string_view linkedPrompts = "mlflow.linkedPrompts";  ///< [{"name":…,"version":"3"},…]
inline constexpr std::string_view tokenUsage = "mlflow.trace.tokenUsage";
inline constexpr std::string_view cost = "mlflow.trace.cost";
inline constexpr std::string_view session = "mlflow.trace.session";
inline constexpr std::string_view user = "mlflow.trace.user";
inline constexpr std::string_view finalized = "mlflow.trace.infoFinalized";
inline constexpr std::string_view sizeStats = "mlflow.trace.sizeStats";
inline constexpr std::string_view sourceRun = "mlflow.sourceRun";
}  // namespace trace_keys

}  // namespace regesta::telemetry
