#include "api/sealed.h"
#include "api/server_url.h"
#include "api/tracking_scope.h"
#include "api/wandb/resolvers.h"
#include "api/wandb/run_files.h"
#include "api/wandb/run_object.h"
#include "base/encoding.h"
#include "base/limits.h"
#include "base/text.h"
#include "base/time.h"
#include "governance/gate.h"
#include "registry/actor.h"
#include "tracking/record.h"
#include "tracking/rules.h"
#include "tracking/seal.h"

namespace regesta::api::wandb {
namespace {

using access::Verb;

constexpr std::size_t longestName = 128;  // of a run
constexpr std::size_t tagLength = 7900, paramLength = 5900;
constexpr std::string_view projects = "projects of this name";

void putText(tracking::Run& run, const json::object& input, std::string_view member, std::string_view tag) {
  const json::value* value = input.if_contains(member);
  if (!value || !value->is_string()) return;
  std::string text = shorten(std::string(value->get_string()), tagLength);
  if (text.empty())
    run.tags.erase(std::string(tag));
  else
    run.tags.insert_or_assign(std::string(tag), std::move(text));
}

std::string tagsText(const json::value& tags) {
  std::string text = writeJson(tags);
  if (text.size() > tagLength) throw Invalid("tags", fmt::format("must be at most {} bytes together", tagLength));
  return text;
}

/// Params as MLflow's clients see them. W&B lets a config value change; keys that no param may have stay out of them.
void putParams(tracking::Run& run, const json::object& config) {
  for (auto& [key, value] : flattened(config, true)) {
    if (key.empty() || key.size() > limits::trackingKeyLength) continue;
    try {
      tracking::checkKey(key, "config");
    } catch (const Error&) {
      continue;
    }
    run.params.insert_or_assign(key, shorten(value, paramLength));
  }
}

void apply(RunRecord& record, const json::object& input) {
  tracking::Run& run = record.run;
  if (std::string config = memberText(input, "config"); !config.empty()) {
    json::value read = looseJson(config);
    if (!read.is_object()) throw Invalid("config", "must be a JSON object");
    record.config = writeJson(read);
    putParams(run, read.as_object());
  }
  if (std::string summary = memberText(input, "summaryMetrics"); !summary.empty())
    record.summary = writeJson(looseJson(summary));
  if (std::string name = memberText(input, "displayName"); !name.empty()) {
    run.name = shorten(name, 200);
    run.tags.insert_or_assign(std::string(tracking::runNameTag), run.name);
  }
  putText(run, input, "notes", notesTag);
  putText(run, input, "groupName", groupTag);
  putText(run, input, "jobType", jobTypeTag);
  putText(run, input, "commit", commitTag);
  putText(run, input, "jobProgram", programTag);
  putText(run, input, "host", hostTag);
  putText(run, input, "sweep", sweepTag);
  if (const json::value* tags = input.if_contains("tags"); tags && tags->is_array())
    run.tags.insert_or_assign(std::string(tagsTag), tagsText(*tags));
}

RunRecord create(const Call& call, db::Transaction& transaction, const tracking::Experiment& project,
                 const std::string& name) {
  if (name.size() > longestName || name.find_first_of("/\\:#?%") != std::string::npos)
    throw Invalid("name", fmt::format("a run's id has at most {} bytes, without / \\ : # ? %", longestName));
  tracking::NewRun made{.experiment = project.id,
                        .userId = registry::ActorId::read(call.actor().name).name,
                        .name = name.empty() ? "" : name,
                        .startTime = nowMillis()};
  RunRecord record{.run = tracking::createRun(transaction, call.workspace, made),
                   .entity = call.workspace,
                   .project = project.name,
                   .name = name};
  if (record.name.empty()) record.name = record.run.runId.substr(0, 8);
  record.run.tags.insert_or_assign(std::string(nameTag), record.name);
  nameRecord(transaction, record);
  return record;
}

json::value upsertBucket(FieldCall& field) {
  const json::object& input = field.input();
  RunName name{field.call.workspace, memberText(input, "modelName"), memberText(input, "name")};
  if (std::string id = memberText(input, "id"); !id.empty()) name = runNameOf(id);
  if (name.project.empty()) name.project = defaultProject;
  tracking::Experiment project = makeProject(field.call, name.project);
  bool inserted = false;
  std::string state = memberText(input, "state");
  RunRecord record = field.call.core.store.change(field.call.actor(), [&](registry::Change& change) {
    db::Transaction& transaction = change.transaction;
    std::optional<RunRecord> found;
    if (!name.run.empty()) found = findRecord(transaction, project, name.run);
    if (found && found->run.deleted) throw Invalid("name", "a deleted run has this id; choose another");
    inserted = !found;
    RunRecord record = found ? *std::move(found) : create(field.call, transaction, project, name.run);
    apply(record, input);
    if (tracking::isTerminal(record.run.status)) record.run.tags.erase(std::string(stopTag));
    if (!inserted && state != "finished") record.run.status = tracking::RunStatus::running;
    record.heartbeatAt = nowMillis();
    tracking::saveRun(transaction, record.run);
    saveRecord(transaction, record);
    tracking::recordWrite(change, field.call.workspace, record.run.runId);
    return record;
  });
  return json::object{{"bucket", runObject(record)}, {"inserted", inserted}};
}

json::value createRunFiles(FieldCall& field) {
  const json::object& input = field.input();
  RunName name{field.call.workspace, memberText(input, "projectName"), memberText(input, "runName")};
  RunRecord record = field.call.core.store.read(
      [&](db::Transaction& transaction) { return getRecord(field.call, transaction, name, Verb::write); });
  json::array files;
  for (const json::value& file : input.at("files").as_array()) {
    std::string path(file.as_string());
    files.push_back(json::object{{"name", path}, {"uploadUrl", runUploadUrl(field.call, record, path)}});
  }
  return json::object{{"runID", runId(name)}, {"uploadHeaders", json::array{}}, {"files", std::move(files)}};
}

json::value deleteRun(FieldCall& field) {
  RunName name = runNameOf(memberText(field.input(), "id"));
  field.call.core.store.change(field.call.actor(), [&](registry::Change& change) {
    RunRecord record = getRecord(field.call, change.transaction, name, Verb::write);
    tracking::deleteRun(
        change, field.call.workspace, record.run.runId,
        governance::Gate::removal(change, *field.call.identity, field.call.workspace, record.run.subject()));
  });
  return json::object{{"clientMutationId", nullptr}};
}

json::value accepted(FieldCall&) { return json::object{{"success", true}}; }

/// An alert is a tag of its run: MLflow's clients and the web UI show it.
json::value alert(FieldCall& field) {
  const json::object& input = field.input();
  RunName name{field.call.workspace, memberText(input, "projectName"), memberText(input, "runName")};
  field.call.core.store.change(field.call.actor(), [&](registry::Change& change) {
    RunRecord record = getRecord(field.call, change.transaction, name, Verb::write);
    tracking::setTag(change.transaction, field.call.workspace, record.run.runId,
                     fmt::format("wandb.alert.{}", nowMillis()),
                     shorten(fmt::format("{}: {}: {}", memberText(input, "severity"), memberText(input, "title"),
                                         memberText(input, "text")),
                             tagLength));
    tracking::recordWrite(change, field.call.workspace, record.run.runId);
  });
  return json::object{{"success", true}};
}

constexpr Resolver table[] = {
    {"Mutation", "upsertBucket", writes(projects), Where::input, upsertBucket},
    {"Mutation", "createRunFiles", writes(projects), Where::input, createRunFiles},
    {"Mutation", "markRunFilesUploaded", writes(projects), Where::input, accepted},
    {"Mutation", "deleteRun", writes(projects), Where::input, deleteRun},
    {"Mutation", "notifyScriptableRunAlert", writes(projects), Where::input, alert},
};

}  // namespace

std::span<const Resolver> runResolvers() { return table; }

}  // namespace regesta::api::wandb
