#include "tracking/seal.h"

#include "base/error.h"
#include "base/json.h"
#include "crypto/hash.h"
#include "tracking/client_content.h"
#include "tracking/history.h"
#include "tracking/input.h"
#include "tracking/missing.h"

namespace regesta::tracking {
namespace {

Run anyRun(db::Transaction& transaction, std::string_view runId) {
  static const std::string sql = fmt::format("SELECT {} FROM run WHERE run_id = $1", runColumns);
  db::Rows rows = transaction.query(sql, {runId});
  if (!rows.next()) throw Missing("run", runId);
  return readRun(rows);
}

json::object objectOf(const Texts& texts) {
  json::object object;
  for (const auto& [key, value] : texts) object.emplace(key, value);
  return object;
}

json::array inputsOf(db::Transaction& transaction, const Run& run) {
  json::array inputs;
  for (const DatasetInput& input : run.links.inputs) {
    Dataset dataset = getDataset(transaction, input.dataset);
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

json::object contentOf(db::Transaction& transaction, const Run& run, const HistoryDigest& history) {
  json::array outputs, models;
  for (const ModelOutput& output : run.links.outputs)
    outputs.push_back(json::object{{"model_id", output.modelId}, {"step", output.step}});
  for (const std::string& model : run.links.models) models.push_back(json::string(model));
  return {{"run_id", run.runId},
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
          {"inputs", inputsOf(transaction, run)},
          {"model_inputs", std::move(models)},
          {"outputs", std::move(outputs)}};
}

}  // namespace

HistoryDigest historyDigest(db::Transaction& transaction, const Run& run) {
  crypto::Sha256 hash;
  std::string line;
  auto points = wholeHistory(transaction, run.row);
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

std::string runContent(db::Transaction& transaction, const Run& run, const HistoryDigest& history) {
  json::object content = contentOf(transaction, run, history);
  content["client"] = clientContent(transaction, run);  // also when there is none: rows that are added later count
  return canonicalJson(content);
}

namespace {

constexpr std::int64_t shortHistory = 512 * 1024;  // bytes; some 10,000 points are digested in a few milliseconds

bool isShort(db::Transaction& transaction, const Run& run) {
  db::Rows rows = transaction.query("SELECT COALESCE(SUM(LENGTH(body)), 0) FROM metric_log WHERE run = $1", {run.row});
  return (!rows.next() || rows.integer(0) <= shortHistory) && isClientContentShort(transaction, run);
}

void keepSeal(db::Transaction& transaction, Run& run, const std::string& digest) {
  run.sealedDigest = digest;
  run.sealedRevision = run.revision;
  transaction.run("UPDATE run SET sealed_revision = $2, sealed_digest = $3 WHERE id = $1",
                  {run.row, run.revision, digest});
}

}  // namespace

void recordWrite(registry::Change& change, std::string_view workspace, std::string_view runId) {
  // The run's row is wide: whether it is sealed is asked first, because most runs that are written to are not.
  if (!change.transaction
           .query("SELECT 1 FROM run WHERE run_id = $1 AND workspace = $2 AND sealed_revision > 0 "
                  "AND revision > sealed_revision",
                  {runId, workspace})
           .next())
    return;
  Run run = getRun(change.transaction, workspace, runId);
  json::object data{{"previous", run.sealedDigest}, {"status", statusName(run.status)}};
  if (isShort(change.transaction, run)) {
    std::string digest = crypto::sha256Hex(runContent(change.transaction, run, historyDigest(change.transaction, run)));
    if (digest == run.sealedDigest) return keepSeal(change.transaction, run, digest);
    data["digest"] = digest;
    keepSeal(change.transaction, run, digest);
  } else {
    if (!isTerminal(run.status) && run.revision > run.sealedRevision + 1) return;
    data["latest"] = crypto::sha256Hex(runContent(change.transaction, run, {}));
  }
  change.record(registry::Action::runChangedAfterSeal, run.workspace, run.subject(), std::move(data));
}

std::string sealRun(registry::Change& change, Run& run, std::string_view reason, const HistoryDigest* ahead) {
  if (run.sealedRevision == run.revision) return run.sealedDigest;
  // updateRun() itself counts one revision between the digest ahead and here.
  bool usable = ahead && !ahead->digest.empty() && ahead->revision + 1 == run.revision;
  HistoryDigest history = usable ? *ahead : historyDigest(change.transaction, run);
  std::string digest = crypto::sha256Hex(runContent(change.transaction, run, history));
  if (digest != run.sealedDigest) {
    json::object data{{"digest", digest},
                      {"reason", reason},
                      {"status", statusName(run.status)},
                      {"points", history.points},
                      {"experiment", std::to_string(run.experiment)},
                      {"name", run.name}};
    if (!run.sealedDigest.empty()) data["previous"] = run.sealedDigest;
    change.record(registry::Action::runSealed, run.workspace, run.subject(), std::move(data));
  }
  keepSeal(change.transaction, run, digest);
  return digest;
}

namespace {

/// Has one of these been recorded about the subject since the version was registered?
bool recordedSince(db::Transaction& transaction, const registry::Version& version, std::string_view subject,
                   registry::Action one, registry::Action other) {
  // By time, which stays the same when the version's asset is renamed. Entries have microseconds.
  return transaction
      .query(
          "SELECT 1 FROM subject_entry s JOIN ledger_entry e ON e.id = s.entry WHERE s.workspace = $1 AND "
          "s.subject = $2 AND e.action IN ($4, $5) AND e.time >= $3 LIMIT 1",
          {version.asset.key.workspace, subject, version.createdAt * 1000, registry::nameOf(one),
           registry::nameOf(other)})
      .next();
}

}  // namespace

std::optional<CitedRun> citedRun(db::Transaction& transaction, const registry::Version& version) {
  db::Rows rows = transaction.query("SELECT digest FROM version_cited_run WHERE version = $1", {version.id});
  if (!rows.next()) return std::nullopt;
  CitedRun cited{.digest = rows.text(0)};
  std::string runId = version.runId;
  if (runId.empty()) {
    // A version of a run's files that does not name the run: its lineage does.
    db::Rows edge = transaction.query(
        "SELECT origin FROM lineage_edge WHERE workspace = $1 AND target = $2 AND relation = 'registered'",
        {version.asset.key.workspace, version.subject()});
    while (edge.next())
      if (edge.view(0).starts_with("run/")) runId = edge.text(0).substr(4);
  }
  auto run = findRun(transaction, version.asset.key.workspace, runId);
  cited.changed = !run || run->sealedDigest != cited.digest || run->revision != run->sealedRevision ||
                  recordedSince(transaction, version, run->subject(), registry::Action::runArtifactChanged,
                                registry::Action::runArtifactChanged);
  return cited;
}

namespace {

/// Does the ledger tell of a write after the seal whose content was not digested? Only then may the run have a later
/// revision than its seal: every other write through the server renews it.
bool hasRecordedWrite(db::Transaction& transaction, const Run& run) {
  db::Rows rows = transaction.query(
      "SELECT e.body FROM subject_entry s JOIN ledger_entry e ON e.id = s.entry WHERE s.workspace = $1 AND s.subject = "
      "$2 ORDER BY e.id DESC",
      {run.workspace, run.subject()});
  while (rows.next()) {
    json::value entry = parseJson(rows.view(0));
    if (!entry.is_object()) continue;
    auto action = registry::parseAction(memberText(entry.as_object(), "action"));
    if (action != registry::Action::runSealed && action != registry::Action::runChangedAfterSeal) continue;
    const json::value* data = entry.as_object().if_contains("data");
    return data && data->is_object() && memberText(data->as_object(), "digest").empty();
  }
  return false;
}

}  // namespace

std::optional<bool> citedModelChanged(db::Transaction& transaction, const registry::Version& version) {
  if (version.modelId.empty()) return std::nullopt;
  return recordedSince(transaction, version, "logged-model/" + version.modelId, registry::Action::loggedModelChanged,
                       registry::Action::loggedModelArtifactChanged);
}

SealCheck checkSeal(db::Transaction& transaction, std::string_view runId) {
  Run run = anyRun(transaction, runId);
  SealCheck check{.sealed = run.sealedDigest};
  if (run.sealedRevision == 0) return check;
  HistoryDigest history = historyDigest(transaction, run);
  // Earlier builds sealed without the member `client`, which every later seal has: none of those equals one of these.
  check.content = canonicalJson(contentOf(transaction, run, history));
  if (crypto::sha256Hex(check.content) != check.sealed) check.content = runContent(transaction, run, history);
  check.present = crypto::sha256Hex(check.content);
  if (run.revision == run.sealedRevision)
    check.state = check.present == check.sealed ? SealState::intact : SealState::altered;
  else
    check.state =
        run.revision > run.sealedRevision && hasRecordedWrite(transaction, run) ? SealState::ahead : SealState::altered;
  return check;
}

}  // namespace regesta::tracking
