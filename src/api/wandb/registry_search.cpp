// What W&B's clients search: the registries of an organization, their collections, and the versions in these.
#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "api/wandb/artifact_object.h"
#include "api/wandb/artifact_record.h"
#include "api/wandb/filter.h"
#include "api/wandb/names.h"
#include "api/wandb/registry_object.h"
#include "api/wandb/registry_record.h"
#include "api/wandb/resolvers.h"
#include "api/wandb/run_object.h"
#include "base/text.h"
#include "base/time.h"
#include "registry/pointer.h"
#include "registry/reserved_tag.h"
#include "registry/workspace.h"

namespace regesta::api::wandb {
namespace {

using access::Verb;

constexpr std::string_view artifacts = "artifacts of this name";
constexpr std::size_t mostCollections = 10'000, mostVersions = 10'000;  // looked at by one request

FieldValue reader(const json::value& values) {
  return [&values](std::string_view name) -> const json::value& {
    static const json::value none;
    const json::value* found = valueAt(values, name);
    return found ? *found : none;
  };
}

struct Found {
  json::value values;  ///< by the names that filters and orders have for them
  std::function<json::object()> object;
};

/// One page of what is left, in the order that was asked for; by default as it comes.
json::object pageOf(FieldCall& field, std::vector<Found> all, std::string_view filters) {
  Filter filter(filters);
  std::erase_if(all, [&](const Found& one) { return !filter.accepts(reader(one.values)); });
  if (std::string order = field.text("order"); !order.empty()) {
    bool descending = order.front() == '-';
    std::string name = order.substr(order.front() == '-' || order.front() == '+' ? 1 : 0);
    std::ranges::stable_sort(all, [&](const Found& a, const Found& b) {
      int compared = compareValues(reader(a.values)(name), reader(b.values)(name)).value_or(0);
      return descending ? compared > 0 : compared < 0;
    });
  }
  std::size_t from = static_cast<std::size_t>(std::max<std::int64_t>(0, parseInteger(field.text("after")).value_or(0)));
  std::int64_t first = field.args.contains("first") ? memberInteger(field.args, "first") : 100;
  std::size_t to = std::min(all.size(), from + static_cast<std::size_t>(std::clamp<std::int64_t>(first, 1, 1000)));
  json::array nodes;
  for (std::size_t at = from; at < to; ++at) nodes.push_back(all[at].object());
  return connection(std::move(nodes), static_cast<std::int64_t>(all.size()), to < all.size() ? std::to_string(to) : "");
}

/// The collections of registries that the caller may read, by registry and name.
std::vector<std::pair<Collection, registry::Asset>> registered(const Call& call, db::Transaction& transaction) {
  std::vector<std::pair<Collection, registry::Asset>> found;
  for (registry::Kind kind : {registry::Kind::artifact, registry::Kind::dataset, registry::Kind::model})
    for (registry::Asset& asset : registry::listAssets(transaction, call.workspace, kind, "", mostCollections)) {
      auto collection = collectionOf(asset.key);
      if (collection && isRegistry(collection->project) &&
          call.identity->may(Verb::read, asset.key.workspace, asset.key.name))
        found.emplace_back(*std::move(collection), std::move(asset));
    }
  return found;
}

}  // namespace

json::object registryObject(db::Transaction& transaction, const std::string& workspaceName, std::string_view name) {
  registry::Workspace workspace = registry::getWorkspace(transaction, workspaceName);
  RegistryRecord record =
      findRegistry(transaction, workspace.name, name.substr(registryPrefix.size()))
          .value_or(RegistryRecord{.createdAt = workspace.createdAt, .updatedAt = workspace.createdAt});
  json::object organization{{"id", idOf("Organization", 1)}, {"name", workspace.name}};
  json::object entity{{"id", idOf("Entity", 1)}, {"name", workspace.name}, {"organization", std::move(organization)}};
  return {{"id", registryId(workspace.name, name)},
          {"internalId", idOf("ProjectInternalId", 0)},
          {"name", name},
          {"entityName", workspace.name},
          {"entity", std::move(entity)},
          {"description", record.description},
          {"createdAt", formatTime(record.createdAt)},
          {"updatedAt", formatTime(record.updatedAt)},
          {"access", "PRIVATE"},
          {"allowAllArtifactTypesInRegistry", record.types.empty()},
          {"_types", json::array(record.types.begin(), record.types.end())},
          {"_workspace", workspace.name}};
}

std::set<std::string> registryNames(const Call& call, db::Transaction& transaction) {
  std::set<std::string> names{std::string(registryPrefix) + "dataset", std::string(registryPrefix) + "model"};
  for (const auto& [collection, asset] : registered(call, transaction)) names.insert(collection.project);
  for (const RegistryRecord& record : listRegistries(transaction, call.workspace))
    if (std::string name = std::string(registryPrefix) + record.name;
        call.identity->may(Verb::read, call.workspace, name))
      names.insert(std::move(name));
  return names;
}

bool hasCollections(db::Transaction& transaction, const std::string& workspace, std::string_view project) {
  for (const registry::Asset& asset :
       registry::listAssets(transaction, workspace, registry::Kind::artifact, "", mostCollections))
    if (auto collection = collectionOf(asset.key); collection && collection->project == project) return true;
  return false;
}

namespace {

json::object registryValues(const json::object& object) {
  return {{"name", object.at("name")},
          {"description", object.at("description")},
          {"created_at", object.at("createdAt")},
          {"updated_at", object.at("updatedAt")}};
}

std::vector<Found> registries(const Call& call, db::Transaction& transaction) {
  std::vector<Found> all;
  for (const std::string& name : registryNames(call, transaction)) {
    json::object object = registryObject(transaction, call.workspace, name);
    all.push_back({registryValues(object), [object] { return object; }});
  }
  return all;
}

/// The collections of those registries that fit.
std::vector<std::pair<Collection, registry::Asset>> collectionsIn(FieldCall& field, db::Transaction& transaction) {
  Filter filter(field.text("projectFilters"));
  auto all = registered(field.call, transaction);
  std::map<std::string, bool> fits;
  std::erase_if(all, [&](const auto& one) {
    auto [known, fresh] = fits.try_emplace(one.first.project);
    if (fresh) {
      json::value values = registryValues(registryObject(transaction, field.call.workspace, one.first.project));
      known->second = filter.accepts(reader(values));
    }
    return !known->second;
  });
  return all;
}

json::object collectionValues(const Collection& collection, const registry::Asset& asset) {
  return {{"name", collection.name},
          {"description", asset.description},
          {"created_at", formatTime(asset.createdAt)},
          {"updated_at", formatTime(asset.updatedAt)}};
}

json::object versionValues(const registry::Version& version, json::array aliases, bool newest) {
  json::array tags;
  if (newest) aliases.emplace_back("latest");
  auto tagOf = [&](std::string_view name) {
    auto found = version.tags.find(std::string(name));
    return found == version.tags.end() ? std::string() : found->second;
  };
  if (std::string listed = tagOf(artifactTagsTag); !listed.empty()) tags = parseJson(listed).as_array();
  std::string metadata = tagOf(registry::metadataTag);
  return {{"version", fmt::format("v{}", version.number - 1)},
          {"alias", std::move(aliases)},
          {"tag", std::move(tags)},
          {"metadata", metadata.empty() ? json::value(json::object()) : looseJson(metadata)},
          {"created_at", formatTime(version.createdAt)},
          {"updated_at", formatTime(version.updatedAt)}};
}

json::value projects(FieldCall& field) {
  return field.call.core.store.read([&](db::Transaction& transaction) -> json::value {
    return pageOf(field, registries(field.call, transaction), field.text("filters"));
  });
}

/// A registry, or a project; null for none.
json::value projectOfEntity(FieldCall& field) {
  std::string name = field.text("name");
  return field.call.core.store.read([&](db::Transaction& transaction) -> json::value {
    if (isRegistry(name))
      for (const Found& one : registries(field.call, transaction))
        if (one.values.at("name") == json::value(name)) return one.object();
    auto project = findProject(field.call, transaction, name);
    return project ? json::value(projectObject(*project)) : json::value();
  });
}

json::value collections(FieldCall& field) {
  return field.call.core.store.read([&](db::Transaction& transaction) -> json::value {
    std::vector<Found> all;
    for (const auto& [collection, asset] : collectionsIn(field, transaction))
      all.push_back({collectionValues(collection, asset),
                     [&transaction, asset] { return collectionObject(transaction, asset); }});
    return pageOf(field, std::move(all), field.text("filters"));
  });
}

json::value memberships(FieldCall& field) {
  return field.call.core.store.read([&](db::Transaction& transaction) -> json::value {
    Filter collectionFilter(field.text("collectionFilters"));
    std::vector<Found> all;
    for (const auto& [collection, asset] : collectionsIn(field, transaction)) {
      json::value values = collectionValues(collection, asset);
      if (!collectionFilter.accepts(reader(values))) continue;
      std::map<std::int64_t, json::array> aliases;
      for (const registry::Alias& alias : registry::listAliases(transaction, asset))
        aliases[alias.number].emplace_back(alias.name);
      bool newest = true;
      for (registry::Version& version : registry::listVersions(transaction, asset, mostVersions - all.size())) {
        json::value fields = versionValues(version, aliases[version.number], newest);
        newest = false;
        all.push_back({std::move(fields), [&field, &transaction, version = std::move(version)] {
                         return membershipObject(field.call, transaction, version);
                       }});
      }
      if (all.size() >= mostVersions) break;
    }
    return pageOf(field, std::move(all), field.text("filters"));
  });
}

constexpr Resolver table[] = {
    {"Entity", "project", reads("projects and artifacts of this name"), Where::parent, projectOfEntity},
    {"Entity", "projects", reads(artifacts), Where::parent, projects},
    {"Entity", "artifactCollections", reads(artifacts), Where::parent, collections},
    {"Entity", "artifactMemberships", reads(artifacts), Where::parent, memberships},
};

}  // namespace

std::span<const Resolver> registrySearch() { return table; }

}  // namespace regesta::api::wandb
