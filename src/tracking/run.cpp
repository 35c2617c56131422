#include "tracking/run.h"

#include <array>

#include "base/error.h"
#include "base/id.h"
#include "base/json.h"
#include "base/limits.h"
#include "db/columns.h"
#include "tracking/missing.h"
#include "tracking/names.h"
#include "tracking/rule_error.h"
#include "tracking/rules.h"
#include "tracking/seen_name.h"
#include "tracking/state_error.h"

namespace regesta::tracking {
namespace {

constexpr std::array<std::string_view, 5> statusNames = {"RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"};

/// The name of a new run; the tag always exists and has the same value.
std::string resolveRunName(const NewRun& made, Texts& tags) {
  auto tag = tags.find(runNameTag);
  std::string tagged = tag == tags.end() ? "" : tag->second;
  if (!made.name.empty() && !tagged.empty() && made.name != tagged)
    throw RuleError(Rule::runNameTag, "run_name", fmt::format("must be the same as the tag {}", runNameTag), made.name,
                    {tagged});
  std::string name = !made.name.empty() ? made.name : !tagged.empty() ? tagged : randomName();
  checkSeen("run name", name);
  if (tagged.empty()) tags.insert_or_assign(std::string(runNameTag), name);
  return name;
}

void moveStage(registry::Change& change, std::string_view workspace, std::string_view runId, bool deleted) {
  Run run = getRun(change.transaction, workspace, runId);
  if (run.deleted == deleted) return;
  std::optional<std::int64_t> deletedAt = deleted ? std::optional(change.now) : std::nullopt;
  change.transaction.run("UPDATE run SET stage = $2, deleted_at = $3 WHERE id = $1", {run.row, deleted, deletedAt});
  change.record(deleted ? registry::Action::runDeleted : registry::Action::runRestored, run.workspace, run.subject(),
                {{"name", run.name}, {"experiment", std::to_string(run.experiment)}});
}

void checkSummary(std::string_view packed, std::string_view what) {
  if (packed.size() > limits::runSummary)
    throw error(Code::tooLarge, "the {} of one run may take at most {} bytes together", what, limits::runSummary);
}

}  // namespace

std::string_view statusName(RunStatus status) { return statusNames[static_cast<std::size_t>(status) - 1]; }

std::optional<RunStatus> parseStatus(std::string_view name) {
  auto found = std::find(statusNames.begin(), statusNames.end(), name);
  if (found == statusNames.end()) return std::nullopt;
  return static_cast<RunStatus>(found - statusNames.begin() + 1);
}

bool isTerminal(RunStatus status) { return status >= RunStatus::finished; }

std::string packLinks(const RunLinks& links) {
  if (links.empty()) return {};
  std::string out;
  JsonWriter w(out);
  w.object().key("inputs").array();
  for (const DatasetInput& input : links.inputs)
    w.object()
        .key("id")
        .number(input.dataset)
        .key("name")
        .text(input.name)
        .key("digest")
        .text(input.digest)
        .key("tags")
        .raw(packTexts(input.tags))
        .end();
  w.end().key("models").array();
  for (const std::string& model : links.models) w.text(model);
  w.end().key("outputs").array();
  for (const ModelOutput& output : links.outputs) w.array().text(output.modelId).number(output.step).end();
  w.end().end();
  return out;
}

RunLinks unpackLinks(std::string_view packed) {
  RunLinks links;
  if (packed.empty()) return links;
  json::value tree = parseJson(packed);
  for (const json::value& item : tree.at("inputs").as_array()) {
    DatasetInput& input = links.inputs.emplace_back();
    input.dataset = item.at("id").to_number<std::int64_t>();
    input.name = item.at("name").as_string();
    input.digest = item.at("digest").as_string();
    for (const auto& [key, value] : item.at("tags").as_object()) input.tags.emplace(key, value.as_string());
  }
  for (const json::value& item : tree.at("models").as_array()) links.models.emplace_back(item.as_string());
  for (const json::value& item : tree.at("outputs").as_array())
    links.outputs.push_back({std::string(item.at(0).as_string()), item.at(1).to_number<std::int64_t>()});
  return links;
}

Run readRun(const db::Rows& rows) {
  constexpr db::Columns at(runColumns);
  return {.row = rows.integer(at["id"]),
          .runId = rows.text(at["run_id"]),
          .workspace = rows.text(at["workspace"]),
          .experiment = rows.integer(at["experiment"]),
          .deleted = rows.integer(at["stage"]) != 0,
          .status = static_cast<RunStatus>(std::clamp<std::int64_t>(rows.integer(at["status"]), 1, 5)),
          .startTime = rows.integer(at["start_time"]),
          .endTime = rows.maybeInteger(at["end_time"]),
          .revision = rows.integer(at["revision"]),
          .sealedRevision = rows.integer(at["sealed_revision"]),
          .sealedDigest = rows.text(at["sealed_digest"]),
          .name = rows.text(at["name"]),
          .userId = rows.text(at["user_id"]),
          .artifactUri = rows.text(at["artifact_uri"]),
          .metrics = unpackMetrics(rows.view(at["metrics"])),
          .params = unpackTexts(rows.view(at["params"])),
          .tags = unpackTexts(rows.view(at["tags"])),
          .links = unpackLinks(rows.view(at["links"]))};
}

Run createRun(db::Transaction& transaction, std::string_view workspace, const NewRun& made) {
  Experiment experiment = getExperiment(transaction, workspace, made.experiment);
  requireActive(experiment);
  Run run{.runId = randomHex(16),
          .workspace = std::string(workspace),
          .experiment = experiment.id,
          .startTime = made.startTime,
          .revision = 1,
          .userId = made.userId,
          .tags = made.tags};
  run.name = resolveRunName(made, run.tags);
  run.artifactUri = appendToUri(experiment.artifactLocation, run.runId + "/artifacts");
  std::string tags = packTexts(run.tags);
  checkSummary(tags, "tags");
  run.row = transaction.insert(
      "INSERT INTO run (run_id, workspace, experiment, stage, status, start_time, revision, sealed_revision, "
      "sealed_digest, "
      "name, user_id, artifact_uri, metrics, params, tags, links) "
      "VALUES ($1, $2, $3, 0, 1, $4, 1, 0, '', $5, $6, $7, '{}', '{}', $8, '') RETURNING id",
      {run.runId, workspace, run.experiment, run.startTime, run.name, run.userId, run.artifactUri, tags});
  return run;
}

std::optional<Run> findRun(db::Transaction& transaction, std::string_view workspace, std::string_view runId) {
  if (runId.empty()) return std::nullopt;
  static const std::string sql = fmt::format("SELECT {} FROM run WHERE run_id = $1 AND workspace = $2", runColumns);
  db::Rows rows = transaction.query(sql, {runId, workspace});
  return rows.next() ? std::optional(readRun(rows)) : std::nullopt;
}

Run getRun(db::Transaction& transaction, std::string_view workspace, std::string_view runId) {
  auto run = findRun(transaction, workspace, runId);
  if (!run) throw Missing("run", runId);
  return std::move(*run);
}

Run getActiveRun(db::Transaction& transaction, std::string_view workspace, std::string_view runId) {
  Run run = getRun(transaction, workspace, runId);
  if (run.deleted) throw Deleted("run", runId);
  return run;
}

void deleteRun(registry::Change& change, std::string_view workspace, std::string_view runId, const registry::Removal&) {
  moveStage(change, workspace, runId, true);
}

void restoreRun(registry::Change& change, std::string_view workspace, std::string_view runId) {
  moveStage(change, workspace, runId, false);
}

void saveRun(db::Transaction& transaction, Run& run) {
  std::string metrics = packMetrics(run.metrics), params = packTexts(run.params), tags = packTexts(run.tags);
  std::string links = packLinks(run.links);
  checkSummary(metrics, "metrics");
  checkSummary(params, "params");
  checkSummary(tags, "tags");
  checkSummary(links, "inputs and outputs");
  run.revision += 1;
  transaction.run(
      "UPDATE run SET status = $2, end_time = $3, revision = $4, name = $5, metrics = $6, params = $7, tags = $8, "
      "links = $9 "
      "WHERE id = $1",
      {run.row, static_cast<int>(run.status), run.endTime, run.revision, run.name, metrics, params, tags, links});
}

}  // namespace regesta::tracking
