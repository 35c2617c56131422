#include "tracking/experiment.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/redact.h"
#include "base/time.h"
#include "db/columns.h"
#include "tracking/missing.h"
#include "tracking/owner.h"
#include "tracking/rules.h"
#include "tracking/state_error.h"

namespace regesta::tracking {
namespace {

constexpr std::string_view columns = "id, workspace, name, artifact_location, stage, created_at, updated_at, tags";

Experiment readExperiment(const db::Rows& rows) {
  constexpr db::Columns at(columns);
  return {.id = rows.integer(at["id"]),
          .workspace = rows.text(at["workspace"]),
          .name = rows.text(at["name"]),
          .artifactLocation = rows.text(at["artifact_location"]),
          .deleted = rows.integer(at["stage"]) != 0,
          .createdAt = rows.integer(at["created_at"]),
          .updatedAt = rows.integer(at["updated_at"]),
          .tags = unpackTexts(rows.view(at["tags"]))};
}

std::string subject(std::int64_t id) { return fmt::format("experiment/{}", id); }

/// For locations from before unsafe ones were refused.
std::string folderOrElsewhere(const std::string& location, const std::string& workspace) {
  try {
    return artifactFolder(location, workspace);
  } catch (const Error&) {
    return "#";
  }
}

[[noreturn]] void refuseTaken(db::Transaction& transaction, std::string_view workspace, std::string_view name) {
  auto holder = findExperimentByName(transaction, workspace, name);
  throw NameTaken(name, holder && holder->deleted);
}

/// Moves the experiment and its runs between active (0) and deleted (1).
void moveStage(registry::Change& change, std::string_view workspace, std::int64_t id, bool deleted) {
  auto experiment = findExperiment(change.transaction, workspace, id);
  if (!experiment || experiment->deleted == deleted) throw Missing("experiment", std::to_string(id));
  std::optional<std::int64_t> deletedAt = deleted ? std::optional(change.now) : std::nullopt;
  change.transaction.run("UPDATE experiment SET stage = $2, updated_at = $3 WHERE id = $1", {id, deleted, change.now});
  change.transaction.run("UPDATE run SET stage = $2, deleted_at = $3 WHERE experiment = $1", {id, deleted, deletedAt});
  change.record(deleted ? registry::Action::experimentDeleted : registry::Action::experimentRestored,
                std::string(workspace), subject(id), {{"name", experiment->name}});
}

void writeTags(db::Transaction& transaction, std::int64_t id, const Texts& tags) {
  transaction.run("UPDATE experiment SET tags = $2 WHERE id = $1", {id, packTexts(tags)});
}

}  // namespace

std::string appendToUri(std::string_view root, std::string_view path) {
  std::size_t query = std::min(root.find('?'), root.size());
  std::string_view base = root.substr(0, query);
  return fmt::format("{}{}{}{}", base, base.ends_with('/') ? "" : "/", path, root.substr(query));
}

void prepareTracking(registry::Store& store, std::string_view artifactRoot) {
  auto isNew = [](db::Transaction& transaction) {
    return transaction.query("SELECT 1 FROM experiment WHERE folder IS NULL LIMIT 1").next();
  };
  if (!store.read(isNew)) return;
  std::int64_t now = nowMillis();
  // The first entry of the ledger covers this row (Store::adoptState).
  store.database().write([&](db::Transaction& transaction) {
    transaction.run(
        "UPDATE experiment SET artifact_location = $1, created_at = $2, updated_at = $2 "
        "WHERE id = 0 AND artifact_location = ''",
        {appendToUri(artifactRoot, "0"), now});
    std::vector<std::tuple<std::int64_t, std::string, std::string>> found;
    {
      db::Rows rows = transaction.query("SELECT id, artifact_location, workspace FROM experiment WHERE folder IS NULL");
      while (rows.next()) found.emplace_back(rows.integer(0), rows.text(1), rows.text(2));
    }
    for (const auto& [id, location, workspace] : found)
      transaction.run("UPDATE experiment SET folder = $2 WHERE id = $1", {id, folderOrElsewhere(location, workspace)});
  });
}

Experiment createExperiment(registry::Change& change, std::string_view workspace, std::string_view name,
                            std::string_view artifactLocation, const Texts& tags, std::string_view artifactRoot) {
  checkExperimentName(name);
  std::string location = artifactLocation.empty() ? "" : checkArtifactLocation(artifactLocation);
  for (const auto& [key, value] : tags) checkExperimentTag(key, value);
  if (findExperimentByName(change.transaction, workspace, name)) refuseTaken(change.transaction, workspace, name);
  Experiment made{.workspace = std::string(workspace),
                  .name = std::string(name),
                  .artifactLocation = location,
                  .createdAt = change.now,
                  .updatedAt = change.now,
                  .tags = tags};
  made.id = change.transaction.insert(
      "INSERT INTO experiment (workspace, name, artifact_location, stage, created_at, updated_at, tags, folder) "
      "VALUES ($1, $2, $3, 0, $4, $4, $5, $6) RETURNING id",
      {workspace, name, location, change.now, packTexts(tags), artifactFolder(location, workspace)});
  if (location.empty()) {
    made.artifactLocation = appendToUri(artifactRoot, std::to_string(made.id));
    change.transaction.run("UPDATE experiment SET artifact_location = $2, folder = $3 WHERE id = $1",
                           {made.id, made.artifactLocation, artifactFolder(made.artifactLocation, workspace)});
  }
  json::object data{{"name", made.name}};
  change.conceal(data, "artifact_location", made.artifactLocation, redactUrl(made.artifactLocation));
  change.record(registry::Action::experimentCreated, made.workspace, subject(made.id), std::move(data));
  return made;
}

std::optional<Experiment> findExperiment(db::Transaction& transaction, std::string_view workspace, std::int64_t id) {
  static const std::string sql = fmt::format("SELECT {} FROM experiment WHERE id = $1 AND workspace = $2", columns);
  db::Rows rows = transaction.query(sql, {id, workspace});
  return rows.next() ? std::optional(readExperiment(rows)) : std::nullopt;
}

std::optional<Experiment> findExperimentByName(db::Transaction& transaction, std::string_view workspace,
                                               std::string_view name) {
  static const std::string sql = fmt::format("SELECT {} FROM experiment WHERE workspace = $1 AND name = $2", columns);
  db::Rows rows = transaction.query(sql, {workspace, name});
  return rows.next() ? std::optional(readExperiment(rows)) : std::nullopt;
}

std::vector<Experiment> listExperiments(db::Transaction& transaction, std::string_view workspace, View view) {
  static const std::string sql =
      fmt::format("SELECT {} FROM experiment WHERE workspace = $1 AND stage BETWEEN $2 AND $3 ORDER BY id", columns);
  std::vector<Experiment> list;
  db::Rows rows = transaction.query(sql, {workspace, view == View::deletedOnly, view != View::activeOnly});
  while (rows.next()) list.push_back(readExperiment(rows));
  return list;
}

Experiment getExperiment(db::Transaction& transaction, std::string_view workspace, std::int64_t id) {
  auto experiment = findExperiment(transaction, workspace, id);
  if (!experiment) throw Missing("experiment", std::to_string(id));
  return *experiment;
}

Experiment getActiveExperiment(db::Transaction& transaction, std::string_view workspace, std::int64_t id) {
  Experiment experiment = getExperiment(transaction, workspace, id);
  if (experiment.deleted) throw Missing("experiment", std::to_string(id));
  return experiment;
}

void requireActive(const Experiment& experiment) {
  if (experiment.deleted) throw Deleted("experiment", std::to_string(experiment.id));
}

void deleteExperiment(registry::Change& change, std::string_view workspace, std::int64_t id, const registry::Removal&) {
  moveStage(change, workspace, id, true);
}

void restoreExperiment(registry::Change& change, std::string_view workspace, std::int64_t id) {
  moveStage(change, workspace, id, false);
}

void renameExperiment(registry::Change& change, std::string_view workspace, std::int64_t id, std::string_view newName) {
  checkExperimentName(newName);
  Experiment experiment = getExperiment(change.transaction, workspace, id);
  if (experiment.deleted) throw Deleted("experiment", std::to_string(id), Code::invalidState);
  auto holder = findExperimentByName(change.transaction, workspace, newName);
  if (holder && holder->id != id) refuseTaken(change.transaction, workspace, newName);
  change.transaction.run("UPDATE experiment SET name = $2, updated_at = $3 WHERE id = $1", {id, newName, change.now});
  change.record(registry::Action::experimentRenamed, std::string(workspace), subject(id),
                {{"from", experiment.name}, {"to", newName}});
}

void setExperimentTag(db::Transaction& transaction, std::string_view workspace, std::int64_t id, std::string_view key,
                      std::string_view value) {
  checkExperimentTag(key, value);
  Experiment experiment = getExperiment(transaction, workspace, id);
  requireActive(experiment);
  experiment.tags.insert_or_assign(std::string(key), std::string(value));
  if (experiment.tags.size() > limits::modelTexts)
    throw error(Code::tooLarge, "an experiment has at most {} tags", limits::modelTexts);
  writeTags(transaction, id, experiment.tags);
}

void deleteExperimentTag(db::Transaction& transaction, std::string_view workspace, std::int64_t id,
                         std::string_view key) {
  Experiment experiment = getExperiment(transaction, workspace, id);
  requireActive(experiment);
  auto tag = experiment.tags.find(key);
  if (tag == experiment.tags.end()) throw Missing("tag", key, "experiment", std::to_string(id));
  experiment.tags.erase(tag);
  writeTags(transaction, id, experiment.tags);
}

}  // namespace regesta::tracking
