#include "api/wandb/names.h"
#include "api/wandb/resolvers.h"
#include "registry/actor.h"

namespace regesta::api::wandb {
namespace {

/// What clients ask for before they use it; W&B's names. Others are off.
constexpr std::string_view features[] = {"USE_ARTIFACT_WITH_ENTITY_AND_PROJECT_INFORMATION",
                                         "ARTIFACT_MEMBERSHIP_IN_LINK_ARTIFACT_RESPONSE",
                                         "TOTAL_COUNT_IN_FILE_CONNECTION",
                                         "ARTIFACT_COLLECTIONS_FILTERING_SORTING",
                                         "ARTIFACT_REGISTRY_SEARCH",
                                         "INCLUDE_ARTIFACT_TYPES_IN_REGISTRY_CREATION",
                                         "ARTIFACT_TAGS",
                                         "CLIENT_IDS",
                                         "LARGE_FILENAMES",
                                         "ARTIFACT_COLLECTION_MEMBERSHIP_FILES",
                                         "PROJECT_ARTIFACT_COLLECTION_MEMBERSHIP",
                                         "MARK_RUN_FILES_UPLOADED",
                                         "QUERY_AUTOMATIONS_ON_ENTITY",
                                         "AUTOMATION_ACTION_NO_OP",
                                         "AUTOMATION_EVENT_RUN_METRIC",
                                         "AUTOMATION_EVENT_RUN_METRIC_CHANGE",
                                         "AUTOMATION_EVENT_RUN_STATE",
                                         "AUTOMATION_EVENT_UNLINK_ARTIFACT"};

json::value serverInfo(FieldCall&) {
  json::array list;
  for (std::string_view name : features) list.push_back(json::object{{"name", name}, {"isEnabled", true}});
  return json::object{{"features", std::move(list)}};
}

json::value viewer(FieldCall& field) {
  std::string name = registry::ActorId::read(field.call.actor().name).name;
  std::string entity = defaultEntity(field.call);
  json::array teams{json::object{{"node", json::object{{"name", entity}}}}};
  return json::object{{"id", idOf("User", 1)},
                      {"entity", entity},
                      {"username", name},
                      {"name", name},
                      {"email", ""},
                      {"admin", false},
                      {"flags", "{}"},
                      {"_workspace", entity},
                      {"teams", json::object{{"edges", std::move(teams)}}},
                      {"apiKeys", json::object{{"edges", json::array{}}}}};
}

/// A workspace is an entity, a team and an organization at once: its registry is where links go.
json::value entity(FieldCall& field) {
  const std::string& name = field.call.workspace;
  json::object self{{"id", idOf("Entity", 1)}, {"name", name}, {"isTeam", true}, {"_workspace", name}};
  json::object asOrganization = self;
  asOrganization["entityType"] = "organization";
  json::object organization{
      {"id", idOf("Organization", 1)}, {"name", name}, {"orgEntity", std::move(asOrganization)}, {"_workspace", name}};
  self["entityType"] = "team";
  for (std::string_view no : {"readOnlyAdmin", "privateOnly", "isPaid"}) self[no] = false;
  self["codeSavingEnabled"] = true;
  self["storageBytes"] = 0;
  self["defaultAccess"] = "PRIVATE";
  self["members"] = json::array{};
  self["available"] = true;
  self["xxhashDigestsEnabled"] = false;
  self["readOnly"] = false;
  self["organization"] = std::move(organization);
  return self;
}

json::value organization(FieldCall& field) { return entity(field).as_object().at("organization"); }

constexpr Resolver table[] = {
    {"Query", "serverInfo", signedIn(), Where::nowhere, serverInfo},
    {"Query", "viewer", signedIn(), Where::nowhere, viewer},
    {"Query", "entity", reads("the workspace"), Where::args, entity},
    {"Query", "organization", reads("the workspace"), Where::args, organization},
};

}  // namespace

std::span<const Resolver> accountResolvers() { return table; }

}  // namespace regesta::api::wandb
