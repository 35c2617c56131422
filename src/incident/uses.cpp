#include "incident/uses.h"

#include "base/time.h"
#include "record/record.h"
#include "tracking/logged_model.h"

namespace regesta::incident {
namespace {

json::object useOf(std::int64_t count, std::int64_t first, std::int64_t last) {
  auto time = [](std::int64_t millis) { return millis > 0 ? json::value(formatTime(millis)) : json::value(); };
  return {{"count", count}, {"first_at", time(first)}, {"last_at", time(last)}};
}

json::object counted(db::Rows rows) {
  return rows.next() && rows.integer(0) > 0 ? useOf(rows.integer(0), rows.integer(1), rows.integer(2)) : useOf(0, 0, 0);
}

json::object traces(db::Transaction& transaction, const registry::Version& version) {
  if (version.asset.key.kind == registry::Kind::prompt)
    return counted(transaction.query(
        "SELECT COUNT(*), COALESCE(MIN(at), 0), COALESCE(MAX(at), 0) FROM (SELECT l.trace, MIN(t.request_time) AS at "
        "FROM trace_link l JOIN trace t ON t.workspace = l.workspace AND (t.trace_id = l.trace OR t.trace_id = 'tr-' "
        "|| "
        "l.trace) WHERE l.asset = $1 AND l.number = $2 GROUP BY l.trace) AS used",
        {version.asset.id, version.number}));
  auto model = version.modelId.empty() ? std::nullopt : tracking::findLoggedModel(transaction, version.modelId);
  if (!model) return useOf(0, 0, 0);
  // MLflow names the model in the trace's metadata, and logs the trace in its experiment.
  return counted(
      transaction.query("SELECT COUNT(*), COALESCE(MIN(request_time), 0), COALESCE(MAX(request_time), 0) FROM trace "
                        "WHERE experiment = $1 "
                        "AND metadata LIKE $2",
                        {model->experiment, fmt::format("%\"mlflow.modelId\":\"{}\"%", version.modelId)}));
}

json::object runs(db::Transaction& transaction, const registry::Version& version) {
  return counted(transaction.query(
      "SELECT COUNT(*), COALESCE(MIN(at), 0), COALESCE(MAX(at), 0) FROM lineage_edge WHERE workspace = $1 AND origin = "
      "$2 AND target LIKE 'run/%'",
      {version.asset.key.workspace, version.subject()}));
}

json::object records(db::Transaction& transaction, const registry::Version& version) {
  record::Times times = record::timesOf(transaction, version);
  return useOf(times.count, times.firstAt, times.lastAt);
}

}  // namespace

json::object usesOf(db::Transaction& transaction, const registry::Version& version) {
  return {{"traces", traces(transaction, version)},
          {"runs", runs(transaction, version)},
          {"records", records(transaction, version)}};
}

}  // namespace regesta::incident
