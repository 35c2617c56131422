#include "tracking/seal.h"

#include "base/error.h"
#include "base/json.h"
#include "crypto/hash.h"
#include "tracking/history.h"
#include "tracking/input.h"

namespace regesta::tracking {
namespace {

Run anyRun(db::Session& session, std::string_view runId) {
  static const std::string sql = fmt::format("SELECT {} FROM run WHERE run_id = $1", runColumns);
  db::Rows rows = session.query(sql, {runId});
  if (!rows.next()) throw error(Code::notFound, "Run with id={} not found", runId);
  return readRun(rows);
}

json::object objectOf(const Texts& texts) {
  json::object object;
  for (const auto& [key, value] : texts) object.emplace(key, value);
  return object;
}

json::array inputsOf(db::Session& session, const Run& run) {
  json::array inputs;
  for (const DatasetInput& input : run.links.inputs) {
    Dataset dataset = getDataset(session, input.dataset);
    inputs.push_back(json::object{{"name", dataset.name},
                                  {"digest", dataset.digest},
                                  {"source_type", dataset.sourceType},
                                  {"source", dataset.source},
                                  {"schema_digest", crypto::sha256Hex(dataset.schema)},
                                  {"profile_digest", crypto::sha256Hex(dataset.profile)},
                                  {"tags", objectOf(input.tags)}});
  }
  return inputs;
}

}  // namespace

HistoryDigest historyDigest(db::Session& session, const Run& run) {
  crypto::Sha256 hash;
  std::string line;
  auto points = wholeHistory(session, run.row);
  for (const Metric& point : points) {
    line.clear();
    appendJsonString(line, point.key);
    line += ' ';
    appendJsonDouble(line, point.value);
    fmt::format_to(std::back_inserter(line), " {} {}\n", point.timestamp, point.step);
    hash.update(line);
  }
  return {run.revision, points.size(), crypto::hex(hash.finish())};
}

std::string runContent(db::Session& session, const Run& run, const HistoryDigest& history) {
  json::array outputs, models;
  for (const ModelOutput& output : run.links.outputs)
    outputs.push_back(json::object{{"model_id", output.modelId}, {"step", output.step}});
  for (const std::string& model : run.links.models) models.push_back(json::string(model));
  json::object content{{"run_id", run.runId},
                       {"experiment_id", std::to_string(run.experiment)},
                       {"workspace", run.workspace},
                       {"name", run.name},
                       {"user_id", run.userId},
                       {"status", statusName(run.status)},
                       {"start_time", run.startTime},
                       {"end_time", run.endTime ? json::value(*run.endTime) : json::value(nullptr)},
                       {"artifact_uri", run.artifactUri},
                       {"params", objectOf(run.params)},
                       {"tags", objectOf(run.tags)},
                       {"metrics",
                        {{"points", history.points},
                         {"digest", history.digest},
                         {"latest_digest", crypto::sha256Hex(packMetrics(run.metrics))}}},
                       {"inputs", inputsOf(session, run)},
                       {"model_inputs", std::move(models)},
                       {"outputs", std::move(outputs)}};
  return canonicalJson(content);
}

std::string sealRun(registry::Change& change, Run& run, std::string_view reason, const HistoryDigest* ahead) {
  // updateRun() itself counts one revision between the digest ahead and here.
  bool usable = ahead && !ahead->digest.empty() && ahead->revision + 1 == run.revision;
  HistoryDigest history = usable ? *ahead : historyDigest(change.session, run);
  std::string digest = crypto::sha256Hex(runContent(change.session, run, history));
  if (digest != run.sealedDigest) {
    json::object data{{"digest", digest},
                      {"reason", reason},
                      {"status", statusName(run.status)},
                      {"points", history.points},
                      {"experiment", std::to_string(run.experiment)},
                      {"name", run.name}};
    if (!run.sealedDigest.empty()) data["previous"] = run.sealedDigest;
    change.record("run.sealed", run.workspace, run.subject(), std::move(data));
  }
  run.sealedDigest = digest;
  run.sealedRevision = run.revision;
  change.session.run("UPDATE run SET sealed_revision = $2, sealed_digest = $3 WHERE id = $1",
                     {run.row, run.revision, digest});
  return digest;
}

SealCheck checkSeal(db::Session& session, std::string_view runId) {
  Run run = anyRun(session, runId);
  SealCheck check{.sealed = run.sealedDigest};
  if (run.sealedRevision == 0) return check;
  check.present = crypto::sha256Hex(runContent(session, run, historyDigest(session, run)));
  if (check.present == check.sealed)
    check.state = SealState::intact;
  else
    check.state = run.revision == run.sealedRevision ? SealState::altered : SealState::ahead;
  return check;
}

}  // namespace regesta::tracking
