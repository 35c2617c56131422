#include "telemetry/trace.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/error.h"
#include "base/limits.h"
#include "base/limits_runs.h"
#include "base/text.h"
#include "base/time.h"
#include "db/columns.h"
#include "tracking/missing.h"
#include "tracking/rules.h"
#include "tracking/run.h"

namespace regesta::telemetry {
namespace {

constexpr std::array<std::string_view, 4> stateNames = {"STATE_UNSPECIFIED", "OK", "ERROR", "IN_PROGRESS"};

/// Ids become part of artifact paths.
void checkTraceId(std::string_view id) {
  bool fits = !id.empty() && id.size() <= limits::traceIdLength && std::isalnum(static_cast<unsigned char>(id[0])) &&
              std::all_of(id.begin(), id.end(), [](unsigned char c) {
                return std::isalnum(c) || c == '_' || c == '-' || c == '.' || c == ':';
              });
  if (!fits)
    throw Invalid("trace_id",
                  fmt::format("must be 1 to {} letters, digits, '_', '-', '.' or ':', a letter or digit first",
                              limits::traceIdLength));
}

void checkTexts(std::string_view what, tracking::Texts& texts) {
  if (texts.size() > limits::traceTexts)
    throw error(Code::invalid, "A trace can have at most {} {}", limits::traceTexts, what);
  for (auto& [key, value] : texts) {
    tracking::checkLength("key", limits::trackingKeyLength, key);
    value = tracking::truncated(value, limits::traceTagValueLength);
  }
}

std::string checkedSummary(std::string packed, std::string_view what) {
  if (packed.size() > limits::runSummary)
    throw error(Code::tooLarge, "the {} of one trace may take at most {} bytes together", what, limits::runSummary);
  return packed;
}

std::string packLinks(const Trace& trace) {
  if (trace.runs.empty() && trace.prompts.empty()) return {};
  std::string out;
  JsonWriter w(out);
  w.object().key("runs").array();
  for (const std::string& run : trace.runs) w.text(run);
  w.end().key("prompts").array();
  for (const std::string& prompt : trace.prompts) w.text(prompt);
  w.end().end();
  return out;
}

void unpackLinks(std::string_view packed, Trace& trace) {
  if (packed.empty()) return;
  json::value tree = parseJson(packed);
  for (const json::value& run : tree.at("runs").as_array()) trace.runs.emplace_back(run.as_string());
  for (const json::value& prompt : tree.at("prompts").as_array()) trace.prompts.emplace_back(prompt.as_string());
}

void mergeTexts(tracking::Texts& into, const tracking::Texts& from) {
  for (const auto& [key, value] : from) into.insert_or_assign(key, value);
}

/// Merges the client's trace into what came from its spans.
void merge(Trace& there, Trace told) {
  there.requestTime = told.requestTime;
  there.duration = told.duration;
  there.state = told.state;
  there.clientRequestId = std::move(told.clientRequestId);
  if (told.requestPreview) there.requestPreview = std::move(told.requestPreview);
  if (told.responsePreview) there.responsePreview = std::move(told.responsePreview);
  mergeTexts(there.tags, told.tags);
  mergeTexts(there.metadata, told.metadata);
  for (Assessment& assessment : told.assessments) {
    auto same = std::find_if(there.assessments.begin(), there.assessments.end(),
                             [&](const Assessment& a) { return !assessment.id.empty() && a.id == assessment.id; });
    if (same == there.assessments.end()) addAssessment(there, std::move(assessment), nowMillis());
  }
}

/// Remembers the link until the trace arrives: a link does not make a trace.
void awaitTrace(db::Transaction& transaction, std::string_view workspace, const std::string& traceId,
                const tracking::Run& run) {
  checkTraceId(traceId);
  db::Rows count = transaction.query("SELECT count(*) FROM awaited_trace WHERE run_id = $1", {run.runId});
  count.next();
  if (count.integer(0) >= limits::awaitedTraces)
    throw error(Code::invalid, "run {} is linked to {} traces that have not arrived; send them first", run.runId,
                limits::awaitedTraces);
  transaction.run(
      "INSERT INTO awaited_trace (workspace, trace_id, experiment, run_id) VALUES ($1, $2, $3, $4) "
      "ON CONFLICT DO NOTHING",
      {workspace, traceId, run.experiment, run.runId});
}

/// Links of runs of the trace's own experiment only: others may not know of it.
void takeAwaited(db::Transaction& transaction, Trace& trace) {
  db::Rows rows = transaction.query(
      "SELECT run_id FROM awaited_trace WHERE workspace = $1 AND trace_id = $2 AND experiment = $3 ORDER BY id",
      {trace.workspace, trace.traceId, trace.experiment});
  while (rows.next()) trace.runs.push_back(rows.text(0));
  transaction.run("DELETE FROM awaited_trace WHERE workspace = $1 AND trace_id = $2 AND experiment = $3",
                  {trace.workspace, trace.traceId, trace.experiment});
}

}  // namespace

std::string_view stateName(TraceState state) { return stateNames[static_cast<std::size_t>(state)]; }

std::optional<TraceState> parseTraceState(std::string_view name) {
  auto found = std::find(stateNames.begin(), stateNames.end(), name);
  if (found == stateNames.end()) return std::nullopt;
  return static_cast<TraceState>(found - stateNames.begin());
}

std::string prefixedTraceId(std::string_view hex) { return fmt::format("tr-{}", hex); }

Trace readTrace(const db::Rows& rows) {
  constexpr db::Columns at(traceColumns);
  Trace trace{.row = rows.integer(at["id"]),
              .traceId = rows.text(at["trace_id"]),
              .workspace = rows.text(at["workspace"]),
              .experiment = rows.integer(at["experiment"]),
              .requestTime = rows.integer(at["request_time"]),
              .duration = rows.maybeInteger(at["duration"]),
              .state = static_cast<TraceState>(std::clamp<std::int64_t>(rows.integer(at["state"]), 0, 3)),
              .finalized = rows.integer(at["finalized"]) != 0,
              .clientRequestId = rows.text(at["client_request_id"]),
              .requestPreview = rows.maybeText(at["request_preview"]),
              .responsePreview = rows.maybeText(at["response_preview"]),
              .tags = tracking::unpackTexts(rows.view(at["tags"])),
              .metadata = tracking::unpackTexts(rows.view(at["metadata"])),
              .assessments = unpackAssessments(rows.view(at["assessments"]))};
  unpackLinks(rows.view(at["links"]), trace);
  return trace;
}

std::optional<Trace> findTrace(db::Transaction& transaction, std::string_view workspace, std::string_view traceId,
                               const Reach& reach) {
  static const std::string sql = fmt::format("SELECT {} FROM trace WHERE id = $1", traceColumns);
  // Traces are wide, and anybody may make more with this id.
  std::vector<std::pair<std::int64_t, std::int64_t>> found;
  db::Rows ids = transaction.query(
      "SELECT id, experiment FROM trace WHERE workspace = $1 AND trace_id = $2 ORDER BY id", {workspace, traceId});
  while (ids.next()) found.emplace_back(ids.integer(0), ids.integer(1));
  auto first = std::ranges::find_if(found, [&](const auto& row) { return reach(row.second); });
  if (first == found.end()) return std::nullopt;
  db::Rows rows = transaction.query(sql, {first->first});
  return rows.next() ? std::optional(readTrace(rows)) : std::nullopt;
}

std::vector<Trace> newestTraces(db::Transaction& transaction, std::string_view workspace, std::int64_t limit) {
  static const std::string sql = fmt::format(
      "SELECT {} FROM trace WHERE workspace = $1 ORDER BY request_time DESC, id DESC LIMIT $2", traceColumns);
  std::vector<Trace> traces;
  db::Rows rows = transaction.query(sql, {workspace, limit});
  while (rows.next()) traces.push_back(readTrace(rows));
  return traces;
}

void saveTrace(db::Transaction& transaction, const Trace& trace) {
  transaction.run(
      "UPDATE trace SET experiment = $2, request_time = $3, duration = $4, state = $5, finalized = $6, "
      "client_request_id = $7, request_preview = $8, response_preview = $9, tags = $10, metadata = $11, "
      "assessments = $12, links = $13 WHERE id = $1",
      {trace.row, trace.experiment, trace.requestTime, trace.duration, static_cast<int>(trace.state), trace.finalized,
       trace.clientRequestId, trace.requestPreview, trace.responsePreview,
       checkedSummary(tracking::packTexts(trace.tags), "tags"),
       checkedSummary(tracking::packTexts(trace.metadata), "metadata"),
       checkedSummary(packAssessments(trace.assessments), "assessments"), packLinks(trace)});
}

Trace startTrace(db::Transaction& transaction, Trace told) {
  checkTraceId(told.traceId);
  checkTexts("tags", told.tags);
  checkTexts("entries of metadata", told.metadata);
  tracking::Experiment experiment = tracking::getExperiment(transaction, told.workspace, told.experiment);
  tracking::requireActive(experiment);
  told.tags.insert_or_assign(
      std::string(trace_keys::artifactLocation),
      tracking::appendToUri(experiment.artifactLocation, "traces/" + told.traceId + "/artifacts"));
  bool finalized = told.finalized;
  std::optional<Trace> there =
      findTrace(transaction, told.workspace, told.traceId, [&](std::int64_t one) { return one == told.experiment; });
  if (!there) {
    there = Trace{.traceId = told.traceId, .workspace = told.workspace, .experiment = told.experiment};
    there->row = transaction.insert(
        "INSERT INTO trace (workspace, trace_id, experiment, request_time, state, finalized, client_request_id, tags, "
        "metadata, assessments, links) VALUES ($1, $2, $3, 0, 0, 0, '', '{}', '{}', '[]', '') RETURNING id",
        {there->workspace, there->traceId, there->experiment});
    takeAwaited(transaction, *there);
  }
  merge(*there, std::move(told));
  there->finalized |= finalized;
  if (finalized) there->metadata.insert_or_assign(std::string(trace_keys::finalized), "true");
  saveTrace(transaction, *there);
  return std::move(*there);
}

void checkTraceTag(std::string_view key) {
  tracking::checkKey(key, "key");
  tracking::checkLength("key", limits::trackingKeyLength, key);
}

void setTraceTag(Trace& trace, std::string_view key, std::string_view value) {
  checkTraceTag(key);
  trace.tags.insert_or_assign(std::string(key), tracking::truncated(value, limits::traceTagValueLength));
  checkTexts("tags", trace.tags);
}

void deleteTraceTag(Trace& trace, std::string_view key) {
  auto tag = trace.tags.find(key);
  if (tag == trace.tags.end()) throw tracking::Missing("tag", key, "trace", trace.traceId);
  trace.tags.erase(tag);
}

void linkTraceToRun(db::Transaction& transaction, Trace& trace, std::string_view runId) {
  tracking::getRun(transaction, trace.workspace, runId);
  if (std::find(trace.runs.begin(), trace.runs.end(), runId) != trace.runs.end()) return;
  trace.runs.emplace_back(runId);
  saveTrace(transaction, trace);
}

void linkTracesToRun(db::Transaction& transaction, std::string_view workspace, const std::vector<std::string>& traceIds,
                     std::string_view runId, const Reach& reach) {
  if (traceIds.size() > limits::traceLinksPerCall)
    throw error(Code::invalid, "Cannot link more than {} traces to a run in a single request. Provided {} traces.",
                limits::traceLinksPerCall, traceIds.size());
  tracking::Run run = tracking::getRun(transaction, workspace, runId);
  for (const std::string& id : traceIds) {
    auto trace = findTrace(transaction, workspace, id, [&](std::int64_t one) { return one == run.experiment; });
    if (!trace) trace = findTrace(transaction, workspace, id, reach);
    if (trace)
      linkTraceToRun(transaction, *trace, runId);
    else
      awaitTrace(transaction, workspace, id, run);
  }
}

std::int64_t deleteTraces(registry::Change& change, std::string_view workspace, std::int64_t experiment,
                          const TraceDeletion& which) {
  if (which.upTo.has_value() != which.traceIds.empty())
    throw Invalid("traceIds", "must be given unless a time is, and not with one");
  if (which.most && (!which.traceIds.empty() || *which.most <= 0))
    throw Invalid("most", "must be positive, and not be given with traceIds", std::to_string(*which.most));
  tracking::getExperiment(change.transaction, workspace, experiment);
  std::int64_t deleted = 0;
  if (which.upTo) {
    deleted = change.transaction.run(
        "DELETE FROM trace WHERE id IN (SELECT id FROM trace WHERE experiment = $1 AND request_time <= $2 "
        "ORDER BY request_time, trace_id LIMIT $3)",
        {experiment, *which.upTo, which.most.value_or(std::numeric_limits<std::int64_t>::max())});
  }
  for (const std::string& id : which.traceIds)
    deleted += change.transaction.run("DELETE FROM trace WHERE workspace = $1 AND trace_id = $2 AND experiment = $3",
                                      {workspace, id, experiment});
  if (deleted > 0)
    change.record(registry::Action::tracesDeleted, std::string(workspace), fmt::format("experiment/{}", experiment),
                  {{"count", deleted}});
  return deleted;
}

}  // namespace regesta::telemetry
