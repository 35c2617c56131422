// Changes of registries. A project is a model, too, as clients call it here.
#include <algorithm>

#include "api/wandb/artifact_record.h"
#include "api/wandb/names.h"
#include "api/wandb/registry_object.h"
#include "api/wandb/registry_record.h"
#include "api/wandb/resolvers.h"
#include "api/wandb/run_object.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/text.h"

namespace regesta::api::wandb {
namespace {

using access::Verb;

constexpr std::string_view projects = "projects of this name";

std::string shortName(std::string_view project) { return std::string(project.substr(registryPrefix.size())); }

bool isBuiltIn(std::string_view name) { return name == "model" || name == "dataset"; }

/// Also one that the caller may not read.
bool exists(db::Transaction& transaction, const std::string& workspace, const std::string& name) {
  return isBuiltIn(name) || findRegistry(transaction, workspace, name) ||
         hasCollections(transaction, workspace, std::string(registryPrefix) + name);
}

void requireOpenAccess(const json::object& input) {
  if (memberText(input, "access") == "RESTRICTED")
    throw Invalid("access",
                  "cannot be restricted: grants say who may read a registry's collections; an admin limits "
                  "them by name: regesta user grant");
}

/// Types only ever come to a list, as at W&B, unless all are allowed again.
std::vector<std::string> typesAfter(const json::object& input, std::vector<std::string> types) {
  const json::value* all = input.if_contains("allowAllArtifactTypesInRegistry");
  if (all && *all == json::value(true)) return {};
  const json::value* given = input.if_contains("artifactTypes");
  if (!given || !given->is_array()) return types;
  for (const json::value& one : given->get_array())
    if (std::string name = memberText(one.as_object(), "name"); std::ranges::find(types, name) == types.end())
      types.push_back(std::move(name));
  return types;
}

json::value upsertRegistry(FieldCall& field, const std::string& project) {
  const Call& call = field.call;
  const json::object& input = field.input();
  call.require(Verb::write, project);
  requireOpenAccess(input);
  bool existed = false;
  call.core.store.change(call.actor(), [&](registry::Change& change) {
    std::string name = shortName(project);
    existed = exists(change.transaction, call.workspace, name);
    RegistryRecord record = findRegistry(change.transaction, call.workspace, name)
                                .value_or(RegistryRecord{.workspace = call.workspace, .name = name});
    std::vector<std::string> types = typesAfter(input, record.types);
    if (types != record.types) {
      if (isBuiltIn(name)) throw Invalid("artifactTypes", "cannot be limited in the registries of models and datasets");
      if (existed) call.require(Verb::administer, project);
    }
    record.types = std::move(types);
    if (const json::value* text = input.if_contains("description"); text && text->is_string())
      record.description = shorten(std::string(text->get_string()), limits::descriptionLength - 4);
    putRegistry(change, std::move(record));
  });
  json::object made = call.core.store.read(
      [&](db::Transaction& transaction) { return registryObject(transaction, call.workspace, project); });
  return json::object{{"project", made}, {"model", made}, {"inserted", !existed}};
}

json::value upsertModel(FieldCall& field) {
  std::string name = memberText(field.input(), "name");
  if (isRegistry(name)) return upsertRegistry(field, name);
  json::object project = projectObject(makeProject(field.call, name));
  return json::object{{"project", project}, {"model", project}, {"inserted", true}};
}

/// Throws Error{refused} for a built-in registry and one that has collections, readable by the caller or not.
void requireEmpty(const Call& call, db::Transaction& transaction, const std::string& project, std::string_view done) {
  std::string name = shortName(project);
  if (isBuiltIn(name))
    throw error(Code::refused, "the registry '{}' cannot be {}: it holds the {}s of the workspace", name, done, name);
  if (hasCollections(transaction, call.workspace, project))
    throw error(Code::refused, "the registry '{}' cannot be {}: it has collections. Delete these first", name, done);
}

json::value deleteModel(FieldCall& field) {
  RegistryName named = registryOfId(memberText(field.input(), "id"));
  Call call = field.call;
  call.workspace = named.entity;
  if (!isRegistry(named.project)) noSuch("registry", memberText(field.input(), "id"));
  call.require(Verb::write, named.project);
  call.core.store.change(call.actor(), [&](registry::Change& change) {
    requireEmpty(call, change.transaction, named.project, "deleted");
    if (!findRegistry(change.transaction, named.entity, shortName(named.project)))
      noSuch("registry", shortName(named.project));
    deleteRegistry(change, named.entity, shortName(named.project));
  });
  return json::object{{"success", true}};
}

json::value renameProject(FieldCall& field) {
  const json::object& input = field.input();
  const Call& call = field.call;
  std::string from = memberText(input, "oldProjectName"), to = memberText(input, "newProjectName");
  if (!isRegistry(from) || !isRegistry(to))
    throw Error(Code::unsupported, "only registries are renamed here; rename an experiment with MLflow's client");
  call.require(Verb::write, from);
  call.require(Verb::write, to);
  json::object made;
  call.core.store.change(call.actor(), [&](registry::Change& change) {
    requireEmpty(call, change.transaction, from, "renamed");
    auto record = findRegistry(change.transaction, call.workspace, shortName(from));
    if (!record) noSuch("registry", shortName(from));
    if (exists(change.transaction, call.workspace, shortName(to)))
      throw error(Code::exists, "the registry '{}' exists already", shortName(to));
    deleteRegistry(change, call.workspace, record->name);
    record->name = shortName(to);
    putRegistry(change, *std::move(record));
    made = registryObject(change.transaction, call.workspace, to);
  });
  return json::object{{"inserted", false}, {"project", std::move(made)}};
}

json::value members(FieldCall&) {
  throw Error(Code::unsupported,
              "the members of a registry are the users with grants on its names: see regesta user list");
}

constexpr Resolver table[] = {
    {"Mutation", "upsertModel", writes(projects), Where::entity, upsertModel},
    {"Mutation", "renameProject", writes(projects), Where::entity, renameProject},
    {"Mutation", "deleteModel", signedIn(), Where::nowhere, deleteModel},
    {"Project", "members", reads(projects), Where::parent, members},
    {"Project", "teamMembers", reads(projects), Where::parent, members},
};

}  // namespace

std::span<const Resolver> registryWriters() { return table; }

}  // namespace regesta::api::wandb
