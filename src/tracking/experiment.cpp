#include "tracking/experiment.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/time.h"
#include "tracking/rules.h"

namespace regesta::tracking {
namespace {

constexpr std::string_view columns = "id, workspace, name, artifact_location, stage, created_at, updated_at, tags";

Experiment readExperiment(const db::Rows& rows) {
  return {.id = rows.integer(0),
          .workspace = rows.text(1),
          .name = rows.text(2),
          .artifactLocation = rows.text(3),
          .deleted = rows.integer(4) != 0,
          .createdAt = rows.integer(5),
          .updatedAt = rows.integer(6),
          .tags = unpackTexts(rows.view(7))};
}

std::string subject(std::int64_t id) { return fmt::format("experiment/{}", id); }

[[noreturn]] void refuseTaken(db::Session& session, std::string_view workspace, std::string_view name) {
  auto holder = findExperimentByName(session, workspace, name);
  if (holder && holder->deleted)
    throw error(
        Code::exists,
        "Experiment(name={}) already exists in deleted state. You can restore the experiment, or permanently delete "
        "it to create a new one.",
        name);
  throw error(Code::exists, "Experiment(name={}) already exists.", name);
}

/// Moves the experiment and its runs between active (0) and deleted (1).
void moveStage(registry::Change& change, std::string_view workspace, std::int64_t id, bool deleted) {
  auto experiment = findExperiment(change.session, workspace, id);
  if (!experiment || experiment->deleted == deleted) throw error(Code::notFound, "No Experiment with id={} exists", id);
  std::optional<std::int64_t> deletedAt = deleted ? std::optional(change.now) : std::nullopt;
  change.session.run("UPDATE experiment SET stage = $2, updated_at = $3 WHERE id = $1", {id, deleted, change.now});
  change.session.run("UPDATE run SET stage = $2, deleted_at = $3 WHERE experiment = $1", {id, deleted, deletedAt});
  change.record(deleted ? "experiment.deleted" : "experiment.restored", std::string(workspace), subject(id),
                {{"name", experiment->name}});
}

void writeTags(db::Session& session, std::int64_t id, const Texts& tags) {
  session.run("UPDATE experiment SET tags = $2 WHERE id = $1", {id, packTexts(tags)});
}

}  // namespace

std::string appendToUri(std::string_view root, std::string_view path) {
  std::size_t query = std::min(root.find('?'), root.size());
  std::string_view base = root.substr(0, query);
  return fmt::format("{}{}{}{}", base, base.ends_with('/') ? "" : "/", path, root.substr(query));
}

void prepareTracking(registry::Store& store, std::string_view artifactRoot) {
  auto isNew = [](db::Session& session) {
    db::Rows rows = session.query("SELECT artifact_location FROM experiment WHERE id = 0");
    return rows.next() && rows.view(0).empty();
  };
  if (!store.read(isNew)) return;
  std::int64_t now = nowMillis();
  store.write([&](db::Session& session) {
    session.run(
        "UPDATE experiment SET artifact_location = $1, created_at = $2, updated_at = $2 "
        "WHERE id = 0 AND artifact_location = ''",
        {appendToUri(artifactRoot, "0"), now});
  });
}

Experiment createExperiment(registry::Change& change, std::string_view workspace, std::string_view name,
                            std::string_view artifactLocation, const Texts& tags, std::string_view artifactRoot) {
  checkExperimentName(name);
  std::string location = artifactLocation.empty() ? "" : checkArtifactLocation(artifactLocation);
  for (const auto& [key, value] : tags) checkExperimentTag(key, value);
  if (findExperimentByName(change.session, workspace, name)) refuseTaken(change.session, workspace, name);
  Experiment made{.workspace = std::string(workspace),
                  .name = std::string(name),
                  .artifactLocation = location,
                  .createdAt = change.now,
                  .updatedAt = change.now,
                  .tags = tags};
  made.id = change.session.insert(
      "INSERT INTO experiment (workspace, name, artifact_location, stage, created_at, updated_at, tags) "
      "VALUES ($1, $2, $3, 0, $4, $4, $5) RETURNING id",
      {workspace, name, location, change.now, packTexts(tags)});
  if (location.empty()) {
    made.artifactLocation = appendToUri(artifactRoot, std::to_string(made.id));
    change.session.run("UPDATE experiment SET artifact_location = $2 WHERE id = $1", {made.id, made.artifactLocation});
  }
  change.record("experiment.created", made.workspace, subject(made.id),
                {{"name", made.name}, {"artifact_location", made.artifactLocation}});
  return made;
}

std::optional<Experiment> findExperiment(db::Session& session, std::string_view workspace, std::int64_t id) {
  static const std::string sql = fmt::format("SELECT {} FROM experiment WHERE id = $1 AND workspace = $2", columns);
  db::Rows rows = session.query(sql, {id, workspace});
  return rows.next() ? std::optional(readExperiment(rows)) : std::nullopt;
}

std::optional<Experiment> findExperimentByName(db::Session& session, std::string_view workspace,
                                               std::string_view name) {
  static const std::string sql = fmt::format("SELECT {} FROM experiment WHERE workspace = $1 AND name = $2", columns);
  db::Rows rows = session.query(sql, {workspace, name});
  return rows.next() ? std::optional(readExperiment(rows)) : std::nullopt;
}

std::vector<Experiment> listExperiments(db::Session& session, std::string_view workspace, View view) {
  static const std::string sql =
      fmt::format("SELECT {} FROM experiment WHERE workspace = $1 AND stage BETWEEN $2 AND $3 ORDER BY id", columns);
  std::vector<Experiment> list;
  db::Rows rows = session.query(sql, {workspace, view == View::deletedOnly, view != View::activeOnly});
  while (rows.next()) list.push_back(readExperiment(rows));
  return list;
}

Experiment getExperiment(db::Session& session, std::string_view workspace, std::int64_t id) {
  auto experiment = findExperiment(session, workspace, id);
  if (!experiment) throw error(Code::notFound, "No Experiment with id={} exists", id);
  return *experiment;
}

void requireActive(const Experiment& experiment) {
  if (experiment.deleted)
    throw error(Code::invalid, "The experiment {} must be in the 'active' state. Current state is deleted.",
                experiment.id);
}

void deleteExperiment(registry::Change& change, std::string_view workspace, std::int64_t id) {
  moveStage(change, workspace, id, true);
}

void restoreExperiment(registry::Change& change, std::string_view workspace, std::int64_t id) {
  moveStage(change, workspace, id, false);
}

void renameExperiment(registry::Change& change, std::string_view workspace, std::int64_t id, std::string_view newName) {
  checkExperimentName(newName);
  Experiment experiment = getExperiment(change.session, workspace, id);
  if (experiment.deleted) throw Error(Code::invalidState, "Cannot rename a non-active experiment.");
  auto holder = findExperimentByName(change.session, workspace, newName);
  if (holder && holder->id != id) refuseTaken(change.session, workspace, newName);
  change.session.run("UPDATE experiment SET name = $2, updated_at = $3 WHERE id = $1", {id, newName, change.now});
  change.record("experiment.renamed", std::string(workspace), subject(id),
                {{"from", experiment.name}, {"to", newName}});
}

void setExperimentTag(db::Session& session, std::string_view workspace, std::int64_t id, std::string_view key,
                      std::string_view value) {
  checkExperimentTag(key, value);
  Experiment experiment = getExperiment(session, workspace, id);
  requireActive(experiment);
  experiment.tags.insert_or_assign(std::string(key), std::string(value));
  if (experiment.tags.size() > limits::modelTexts)
    throw error(Code::tooLarge, "an experiment has at most {} tags", limits::modelTexts);
  writeTags(session, id, experiment.tags);
}

void deleteExperimentTag(db::Session& session, std::string_view workspace, std::int64_t id, std::string_view key) {
  Experiment experiment = getExperiment(session, workspace, id);
  requireActive(experiment);
  auto tag = experiment.tags.find(key);
  if (tag == experiment.tags.end())
    throw error(Code::notFound, "No tag with name: {} in experiment with id {}", key, id);
  experiment.tags.erase(tag);
  writeTags(session, id, experiment.tags);
}

}  // namespace regesta::tracking
