#include "cli/import/sql_source.h"

#include <cmath>

#include "base/error.h"
#include "cli/import/revisions.h"
#include "crypto/hash.h"

namespace regesta::cli {
namespace {

void setUnlessNull(json::object& item, std::string_view name, const db::Rows& rows, int column) {
  if (!rows.isNull(column)) item[name] = rows.integer(column);
}

void setText(json::object& item, std::string_view name, const db::Rows& rows, int column) {
  if (!rows.isNull(column)) item[name] = rows.text(column);
}

bool isDeleted(const db::Rows& rows, int column) { return rows.text(column) == "deleted"; }

/// For a text in SQL; names of workspaces have no quotes.
bool isPlainName(std::string_view name) {
  return !name.empty() &&
         std::ranges::all_of(name, [](unsigned char c) { return std::isalnum(c) || c == '-' || c == '_'; });
}

}  // namespace

json::value realJson(double value) {
  if (std::isnan(value)) return "NaN";
  return value;
}

SqlSource::SqlSource(std::unique_ptr<db::Database> database, std::string origin, std::string workspace, bool anySchema)
    : database_(std::move(database)), origin_(std::move(origin)), workspace_(std::move(workspace)) {
  if (!isPlainName(workspace_)) throw error(Code::invalid, "'{}' is not a name of an MLflow workspace", workspace_);
  checkSchema(anySchema);
}

bool SqlSource::has(std::string_view table, std::string_view columns) {
  std::string sql = fmt::format("SELECT {} FROM {} LIMIT 0", columns, table);
  auto [known, fresh] = known_.emplace(sql, false);
  if (!fresh) return known->second;
  try {
    database_->read([&](db::Transaction& transaction) { transaction.query(sql).next(); });
    known->second = true;
  } catch (const Error& fault) {
    if (fault.code == Code::unavailable) throw;
  }
  return known->second;
}

std::string SqlSource::ofWorkspace(std::string_view table, std::string_view alias) {
  if (!has(table, "workspace")) return {};
  return fmt::format(" AND {}.workspace = '{}'", alias, workspace_);
}

void SqlSource::each(const std::string& sql, db::Params params, const std::function<void(db::Rows&)>& visit) {
  database_->read([&](db::Transaction& transaction) {
    db::Rows rows = transaction.query(sql, params);
    while (rows.next()) visit(rows);
  });
}

void SqlSource::checkSchema(bool anySchema) {
  for (std::string_view table : {"alembic_version", "experiments", "runs", "metrics", "params", "tags"})
    if (!has(table))
      throw error(Code::invalid, "{} is not a database of an MLflow tracking server: it has no table {}", origin_,
                  table);
  if (!has("metrics", "step, is_nan") || !has("latest_metrics"))
    throw error(Code::unsupported,
                "{} was written by MLflow older than 1.2: run `mlflow db upgrade` of a newer MLflow on a copy first",
                origin_);
  std::string revision;
  each("SELECT version_num FROM alembic_version", {}, [&](db::Rows& rows) { revision = rows.text(0); });
  if (!anySchema && !isKnownRevision(revision))
    throw error(Code::unsupported,
                "{} has the schema {}, which is newer than this program knows (MLflow {}): import through the server's "
                "URL (--from http://…), or add --any-schema to import the tables that are known",
                origin_, revision, newestKnownMlflow);
}

std::string SqlSource::identity() {
  std::string facts;
  each("SELECT experiment_id, creation_time, artifact_location FROM experiments ORDER BY experiment_id LIMIT 1", {},
       [&](db::Rows& rows) {
         facts = rows.isNull(1) ? fmt::format("{} {}", rows.integer(0), rows.text(2))
                                : fmt::format("{} {}", rows.integer(0), rows.integer(1));
       });
  return "mlflow-" + crypto::sha256Hex(facts).substr(0, 12);
}

std::vector<std::string> SqlSource::notes() {
  std::vector<std::string> notes;
  if (has("experiments", "workspace"))
    each("SELECT workspace, COUNT(*) FROM experiments WHERE workspace <> $1 GROUP BY workspace ORDER BY workspace",
         {workspace_}, [&](db::Rows& rows) {
           notes.push_back(fmt::format("workspace {} with {} experiments: import it with --from-workspace {}",
                                       rows.text(0), rows.integer(1), rows.text(0)));
         });
  return notes;
}

std::vector<SourceItem> SqlSource::experiments() {
  std::vector<SourceItem> found;
  Page page;
  bool times = has("experiments", "creation_time, last_update_time");
  each(fmt::format("SELECT e.experiment_id, e.name, e.lifecycle_stage, e.artifact_location, {} FROM experiments e "
                   "WHERE 1 = 1{} ORDER BY e.experiment_id",
                   times ? "e.creation_time, e.last_update_time" : "NULL, NULL", ofWorkspace("experiments", "e")),
       {}, [&](db::Rows& rows) {
         SourceItem& experiment = found.emplace_back();
         experiment.item = {{"id", std::to_string(rows.integer(0))},
                            {"name", rows.text(1)},
                            {"deleted", isDeleted(rows, 2)},
                            {"tags", json::object()}};
         setUnlessNull(experiment.item, "created_at", rows, 4);
         setUnlessNull(experiment.item, "updated_at", rows, 5);
       });
  for (SourceItem& experiment : found) page.emplace(experiment.id(), &experiment);
  each("SELECT experiment_id, key, value FROM experiment_tags", {}, [&](db::Rows& rows) {
    auto owner = page.find(std::to_string(rows.integer(0)));
    if (owner != page.end()) owner->second->item["tags"].as_object()[rows.text(1)] = rows.text(2);
  });
  return found;
}

void SqlSource::fillTexts(Page& page, std::string_view member, const std::string& sql, const std::string& first,
                          const std::string& last) {
  each(sql, {first, last}, [&](db::Rows& rows) {
    auto owner = page.find(rows.text(0));
    if (owner != page.end()) owner->second->item[member].as_object()[rows.text(1)] = rows.text(2);
  });
}

void SqlSource::fillMetrics(Page& page, const std::string& first, const std::string& last) {
  each(
      "SELECT run_uuid, key, value, timestamp, step, CASE WHEN is_nan THEN 1 ELSE 0 END FROM latest_metrics "
      "WHERE run_uuid >= $1 AND run_uuid <= $2",
      {first, last}, [&](db::Rows& rows) {
        auto owner = page.find(rows.text(0));
        if (owner == page.end()) return;
        double value = rows.integer(5) != 0 ? std::nan("") : rows.real(2);
        owner->second->item["latest"].as_object()[rows.text(1)] =
            json::array{realJson(value), rows.integer(3), rows.integer(4)};
      });
  each("SELECT run_uuid, COUNT(*) FROM metrics WHERE run_uuid >= $1 AND run_uuid <= $2 GROUP BY run_uuid",
       {first, last}, [&](db::Rows& rows) {
         auto owner = page.find(rows.text(0));
         if (owner != page.end()) owner->second->points = rows.integer(1);
       });
}

void SqlSource::fillInputs(Page& page, const std::string& first, const std::string& last) {
  if (!has("inputs", "source_type, destination_type") || !has("datasets")) return;
  std::map<std::string, std::map<std::string, json::object>> tags;  // by run and input
  each(
      "SELECT i.destination_id, i.input_uuid, t.name, t.value FROM inputs i JOIN input_tags t ON t.input_uuid = "
      "i.input_uuid WHERE i.destination_type = 'RUN' AND i.destination_id >= $1 AND i.destination_id <= $2",
      {first, last}, [&](db::Rows& rows) { tags[rows.text(0)][rows.text(1)][rows.text(2)] = rows.text(3); });
  each(
      "SELECT i.destination_id, i.input_uuid, d.name, d.digest, d.dataset_source_type, d.dataset_source, "
      "d.dataset_schema, d.dataset_profile FROM inputs i JOIN datasets d ON d.dataset_uuid = i.source_id "
      "WHERE i.source_type = 'DATASET' AND i.destination_type = 'RUN' AND i.destination_id >= $1 AND "
      "i.destination_id <= $2 ORDER BY i.destination_id, i.input_uuid",
      {first, last}, [&](db::Rows& rows) {
        auto owner = page.find(rows.text(0));
        if (owner == page.end()) return;
        json::object input{
            {"name", rows.text(2)}, {"digest", rows.text(3)}, {"source_type", rows.text(4)}, {"source", rows.text(5)}};
        setText(input, "schema", rows, 6);
        setText(input, "profile", rows, 7);
        input["tags"] = tags[rows.text(0)][rows.text(1)];
        owner->second->item["inputs"].as_array().push_back(std::move(input));
      });
  if (!has("inputs", "step")) return;  // as old as logged models
  each(
      "SELECT source_id, destination_id, source_type, step FROM inputs WHERE source_type IN ('RUN_INPUT', "
      "'RUN_OUTPUT') AND source_id >= $1 AND source_id <= $2 ORDER BY source_id, destination_id",
      {first, last}, [&](db::Rows& rows) {
        auto owner = page.find(rows.text(0));
        if (owner == page.end()) return;
        if (rows.text(2) == "RUN_INPUT")
          owner->second->item["models"].as_array().push_back(json::string(rows.text(1)));
        else
          owner->second->item["outputs"].as_array().push_back(
              json::object{{"model", rows.text(1)}, {"step", rows.integer(3)}});
      });
}

std::vector<SourceItem> SqlSource::runs(const std::string& after, std::size_t limit) {
  std::vector<SourceItem> found;
  bool deletedTime = has("runs", "deleted_time");
  each(fmt::format("SELECT r.run_uuid, r.experiment_id, r.name, r.user_id, r.status, r.start_time, r.end_time, "
                   "r.lifecycle_stage, r.artifact_uri, {} FROM runs r JOIN experiments e ON e.experiment_id = "
                   "r.experiment_id WHERE r.run_uuid > $1{} ORDER BY r.run_uuid LIMIT $2",
                   deletedTime ? "r.deleted_time" : "NULL", ofWorkspace("experiments", "e")),
       {after, limit}, [&](db::Rows& rows) {
         SourceItem& run = found.emplace_back();
         run.item = {{"id", rows.text(0)},
                     {"experiment", std::to_string(rows.integer(1))},
                     {"name", rows.text(2)},
                     {"user", rows.text(3)},
                     {"status", rows.text(4)},
                     {"start_time", rows.integer(5)},
                     {"deleted", isDeleted(rows, 7)},
                     {"params", json::object()},
                     {"tags", json::object()},
                     {"latest", json::object()},
                     {"inputs", json::array()},
                     {"models", json::array()},
                     {"outputs", json::array()}};
         setUnlessNull(run.item, "end_time", rows, 6);
         setUnlessNull(run.item, "deleted_at", rows, 9);
         run.artifacts = rows.text(8);
       });
  if (found.empty()) return found;
  Page page;
  for (SourceItem& run : found) page.emplace(run.id(), &run);
  std::string first = found.front().id(), last = found.back().id();
  constexpr std::string_view texts = "SELECT run_uuid, key, value FROM {} WHERE run_uuid >= $1 AND run_uuid <= $2";
  fillTexts(page, "params", fmt::format(texts, "params"), first, last);
  fillTexts(page, "tags", fmt::format(texts, "tags"), first, last);
  fillMetrics(page, first, last);
  fillInputs(page, first, last);
  return found;
}

void SqlSource::history(const SourceItem& run, const std::function<void(const MetricPoint&)>& visit) {
  std::string id = run.id();
  std::vector<std::string> keys;
  each("SELECT DISTINCT key FROM metrics WHERE run_uuid = $1", {id},
       [&](db::Rows& rows) { keys.push_back(rows.text(0)); });
  for (const std::string& key : keys)
    each(
        "SELECT value, timestamp, step, CASE WHEN is_nan THEN 1 ELSE 0 END FROM metrics WHERE run_uuid = $1 AND key = "
        "$2 ORDER BY step, timestamp",
        {id, key}, [&](db::Rows& rows) {
          visit({key, rows.integer(3) != 0 ? std::nan("") : rows.real(0), rows.integer(1), rows.integer(2)});
        });
}

void SqlSource::fillModelMetrics(Page& page, const std::string& first, const std::string& last) {
  each(
      "SELECT model_id, metric_name, metric_value, metric_timestamp_ms, metric_step, run_id, dataset_name, "
      "dataset_digest FROM logged_model_metrics WHERE model_id >= $1 AND model_id <= $2 ORDER BY model_id, "
      "metric_name, metric_step",
      {first, last}, [&](db::Rows& rows) {
        auto owner = page.find(rows.text(0));
        if (owner == page.end()) return;
        json::object metric{{"key", rows.text(1)},
                            {"value", rows.real(2)},
                            {"timestamp", rows.integer(3)},
                            {"step", rows.integer(4)},
                            {"run_id", rows.text(5)}};
        setText(metric, "dataset_name", rows, 6);
        setText(metric, "dataset_digest", rows, 7);
        owner->second->item["metrics"].as_array().push_back(std::move(metric));
      });
}

std::vector<SourceItem> SqlSource::loggedModels(const std::string& after, std::size_t limit) {
  std::vector<SourceItem> found;
  if (!has("logged_models")) return found;
  each(fmt::format("SELECT m.model_id, m.experiment_id, m.name, m.artifact_location, m.creation_timestamp_ms, "
                   "m.last_updated_timestamp_ms, m.status, m.lifecycle_stage, m.model_type, m.source_run_id "
                   "FROM logged_models m JOIN experiments e ON e.experiment_id = m.experiment_id "
                   "WHERE m.model_id > $1{} ORDER BY m.model_id LIMIT $2",
                   ofWorkspace("experiments", "e")),
       {after, limit}, [&](db::Rows& rows) {
         static constexpr std::string_view states[] = {"PENDING", "READY", "UPLOAD_FAILED"};
         std::int64_t status = std::clamp<std::int64_t>(rows.integer(6), 1, 3);
         SourceItem& model = found.emplace_back();
         model.item = {{"id", rows.text(0)},
                       {"experiment", std::to_string(rows.integer(1))},
                       {"name", rows.text(2)},
                       {"created_at", rows.integer(4)},
                       {"updated_at", rows.integer(5)},
                       {"status", states[status - 1]},
                       {"deleted", isDeleted(rows, 7)},
                       {"params", json::object()},
                       {"tags", json::object()},
                       {"metrics", json::array()}};
         setText(model.item, "model_type", rows, 8);
         setText(model.item, "source_run", rows, 9);
         model.artifacts = rows.text(3);
       });
  if (found.empty()) return found;
  Page page;
  for (SourceItem& model : found) page.emplace(model.id(), &model);
  std::string first = found.front().id(), last = found.back().id();
  fillTexts(page, "params",
            "SELECT model_id, param_key, param_value FROM logged_model_params WHERE model_id >= $1 AND model_id <= $2",
            first, last);
  fillTexts(page, "tags",
            "SELECT model_id, tag_key, tag_value FROM logged_model_tags WHERE model_id >= $1 AND model_id <= $2", first,
            last);
  fillModelMetrics(page, first, last);
  return found;
}

}  // namespace regesta::cli
