#include "evaluation/label_schema.h"

#include <algorithm>
#include <charconv>

#include "base/error.h"
#include "base/id.h"
#include "base/limits_evaluation.h"
#include "base/text.h"
#include "db/columns.h"
#include "evaluation/label_input.h"
#include "filter/filter.h"
#include "tracking/missing.h"
#include "tracking/ranking.h"
#include "tracking/seen_name.h"

namespace regesta::evaluation {
namespace {

constexpr std::string_view columns =
    "schema_id, workspace, experiment, name, type, input, instruction, enable_comment, created_at, updated_at";

constexpr std::string_view defaultName = "Feedback";
constexpr std::string_view defaultInstruction = "Share any feedback on this trace.";
/// The id of an experiment's default question is this and the experiment's number in 16 hexadecimal digits.
constexpr std::string_view defaultPrefix = "ls-0000000000000000";

LabelSchema defaultSchema(const tracking::Experiment& experiment) {
  return {.schemaId = fmt::format("{}{:016x}", defaultPrefix, experiment.id),
          .workspace = experiment.workspace,
          .experiment = experiment.id,
          .name = std::string(defaultName),
          .type = "feedback",
          .input = TextInput{},
          .instruction = std::string(defaultInstruction),
          .isDefault = true,
          .createdAt = experiment.createdAt,
          .updatedAt = experiment.createdAt};
}

/// The experiment whose default question has the id.
std::optional<std::int64_t> experimentOfDefault(std::string_view schemaId) {
  if (schemaId.size() != defaultPrefix.size() + 16 || !schemaId.starts_with(defaultPrefix)) return std::nullopt;
  std::int64_t experiment = 0;
  auto [end, fault] =
      std::from_chars(schemaId.data() + defaultPrefix.size(), schemaId.data() + schemaId.size(), experiment, 16);
  if (fault != std::errc() || end != schemaId.data() + schemaId.size()) return std::nullopt;
  return experiment;
}

LabelSchema readSchema(const db::Rows& rows) {
  constexpr db::Columns at(columns);
  return {.schemaId = rows.text(at["schema_id"]),
          .workspace = rows.text(at["workspace"]),
          .experiment = rows.integer(at["experiment"]),
          .name = rows.text(at["name"]),
          .type = rows.text(at["type"]),
          .input = unpackInput(rows.view(at["input"])),
          .instruction = rows.text(at["instruction"]),
          .enableComment = rows.integer(at["enable_comment"]) != 0,
          .createdAt = rows.integer(at["created_at"]),
          .updatedAt = rows.integer(at["updated_at"])};
}

void check(const LabelSchema& schema) {
  if (schema.name.empty()) throw Invalid("name", "must be a non-empty string");
  if (characterCount(schema.name) > limits::labelName)
    throw Invalid("name", fmt::format("must have at most {} characters", limits::labelName));
  tracking::checkSeen("label schema name", schema.name);
  if (lower(trim(schema.name)) == lower(defaultName))
    throw error(Code::invalid, "`{}` is reserved for the experiment's default question", schema.name);
  if (std::ranges::find(labelSchemaTypes, schema.type) == std::end(labelSchemaTypes))
    throw Error(Code::invalid, "Label schema `type` must be one of FEEDBACK or EXPECTATION");
  if (characterCount(schema.instruction) > limits::labelInstruction)
    throw Invalid("instruction", fmt::format("must have at most {} characters", limits::labelInstruction));
  checkInput(schema.input);
}

void requireFreeName(db::Transaction& transaction, const LabelSchema& schema) {
  db::Rows rows =
      transaction.query("SELECT 1 FROM label_schema WHERE experiment = $1 AND name = $2 AND schema_id <> $3",
                        {schema.experiment, schema.name, schema.schemaId});
  if (rows.next())
    throw error(Code::exists, "Label schema with name '{}' already exists for experiment '{}'.", schema.name,
                schema.experiment);
}

void record(registry::Change& change, registry::Action action, const LabelSchema& schema) {
  change.record(action, schema.workspace, "label-schema/" + schema.schemaId,
                {{"experiment", schema.experiment}, {"name", schema.name}});
}

}  // namespace

LabelSchema createLabelSchema(registry::Change& change, LabelSchema told) {
  check(told);
  db::Transaction& transaction = change.transaction;
  tracking::getActiveExperiment(transaction, told.workspace, told.experiment);
  requireFreeName(transaction, told);
  told.schemaId = "ls-" + randomHex(16);
  told.createdAt = told.updatedAt = change.now;
  transaction.run(
      fmt::format("INSERT INTO label_schema ({}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)", columns),
      {told.schemaId, told.workspace, told.experiment, told.name, told.type, packInput(told.input), told.instruction,
       std::int64_t{told.enableComment}, told.createdAt, told.updatedAt});
  record(change, registry::Action::labelSchemaChanged, told);
  return told;
}

std::optional<LabelSchema> findLabelSchema(db::Transaction& transaction, std::string_view workspace,
                                           std::string_view schemaId) {
  if (auto experiment = experimentOfDefault(schemaId)) {
    auto found = tracking::findExperiment(transaction, workspace, *experiment);
    return found ? std::optional(defaultSchema(*found)) : std::nullopt;
  }
  db::Rows rows =
      transaction.query(fmt::format("SELECT {} FROM label_schema WHERE workspace = $1 AND schema_id = $2", columns),
                        {workspace, schemaId});
  return rows.next() ? std::optional(readSchema(rows)) : std::nullopt;
}

LabelSchema getLabelSchema(db::Transaction& transaction, std::string_view workspace, std::string_view schemaId) {
  auto found = findLabelSchema(transaction, workspace, schemaId);
  if (!found) throw tracking::Missing("label schema", schemaId);
  return *std::move(found);
}

LabelSchema getLabelSchemaByName(db::Transaction& transaction, std::string_view workspace, std::int64_t experiment,
                                 std::string_view name) {
  tracking::Experiment owner = tracking::getActiveExperiment(transaction, workspace, experiment);
  if (name == defaultName) return defaultSchema(owner);
  db::Rows rows = transaction.query(
      fmt::format("SELECT {} FROM label_schema WHERE experiment = $1 AND name = $2", columns), {experiment, name});
  if (!rows.next()) throw tracking::Missing("label schema", name, "experiment", std::to_string(experiment));
  return readSchema(rows);
}

tracking::Page<LabelSchema> listLabelSchemas(db::Transaction& transaction, std::string_view workspace,
                                             std::int64_t experiment, std::int64_t maxResults,
                                             const std::string& pageToken) {
  tracking::checkMaxResults(maxResults);
  tracking::Experiment owner = tracking::getActiveExperiment(transaction, workspace, experiment);
  std::int64_t skip = tracking::pageOffset(pageToken);
  db::Rows rows = transaction.query(
      fmt::format("SELECT {} FROM label_schema WHERE experiment = $1 ORDER BY created_at DESC, id DESC "
                  "LIMIT $2 OFFSET $3",
                  columns),
      {experiment, maxResults + 1, skip});
  tracking::Page<LabelSchema> page;
  while (rows.next()) page.items.push_back(readSchema(rows));
  if (std::ssize(page.items) > maxResults) {
    page.items.pop_back();
    page.nextPageToken = filter::pageToken(skip + maxResults);
    return page;
  }
  db::Rows count = transaction.query("SELECT count(*) FROM label_schema WHERE experiment = $1", {experiment});
  count.next();
  if (skip > count.integer(0)) return page;
  if (std::ssize(page.items) < maxResults)
    page.items.push_back(defaultSchema(owner));
  else
    page.nextPageToken = filter::pageToken(skip + maxResults);
  return page;
}

LabelSchema updateLabelSchema(registry::Change& change, const LabelSchema& stored, const LabelSchemaUpdate& update) {
  if (stored.isDefault) throw Error(Code::invalid, "The experiment's default question cannot be edited.");
  LabelSchema changed = stored;
  if (update.name) changed.name = *update.name;
  if (update.instruction) changed.instruction = *update.instruction;
  if (update.enableComment) changed.enableComment = *update.enableComment;
  if (update.input) {
    checkInput(*update.input);
    checkSameKind(stored.input, *update.input);
    changed.input = *update.input;
  }
  check(changed);
  requireFreeName(change.transaction, changed);
  changed.updatedAt = change.now;
  change.transaction.run(
      "UPDATE label_schema SET name = $3, input = $4, instruction = $5, enable_comment = $6, updated_at = $7 "
      "WHERE workspace = $1 AND schema_id = $2",
      {changed.workspace, changed.schemaId, changed.name, packInput(changed.input), changed.instruction,
       std::int64_t{changed.enableComment}, changed.updatedAt});
  record(change, registry::Action::labelSchemaChanged, changed);
  return changed;
}

void deleteLabelSchema(registry::Change& change, const LabelSchema& stored) {
  if (stored.isDefault) throw Error(Code::invalid, "The experiment's default question cannot be deleted.");
  change.transaction.run("DELETE FROM label_schema WHERE workspace = $1 AND schema_id = $2",
                         {stored.workspace, stored.schemaId});
  record(change, registry::Action::labelSchemaDeleted, stored);
}

}  // namespace regesta::evaluation
