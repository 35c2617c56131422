#include <algorithm>

#include "api/wandb/artifact_files.h"
#include "api/wandb/artifact_object.h"
#include "api/wandb/names.h"
#include "api/wandb/resolvers.h"
#include "api/wandb/run_object.h"
#include "base/text.h"
#include "base/time.h"
#include "registry/asset_search.h"
#include "registry/lineage.h"
#include "registry/pointer.h"
#include "registry/version_node.h"

namespace regesta::api::wandb {
namespace {

using access::Verb;

constexpr std::string_view artifacts = "artifacts of this name";

bool mayRead(const Call& call, const registry::AssetKey& key) {
  return call.identity->may(Verb::read, key.workspace, key.name);
}

/// "v3", "latest" or an alias; empty: the newest.
std::optional<registry::Version> resolve(db::Transaction& transaction, const registry::Asset& asset,
                                         std::string_view alias) {
  if (alias.empty() || alias == "latest") return registry::newestVersion(transaction, asset);
  if (auto number = alias.front() == 'v' ? parseInteger(alias.substr(1)) : std::nullopt)
    return registry::findVersion(transaction, asset.key, *number + 1);
  auto found = registry::findAlias(transaction, asset, alias);
  return found ? registry::findVersion(transaction, asset.key, found->number) : std::nullopt;
}

std::optional<registry::Asset> findCollection(const Call& call, db::Transaction& transaction, std::string_view project,
                                              std::string_view name) {
  registry::AssetKey key = assetOf(call.workspace, project, name);
  if (!mayRead(call, key)) return std::nullopt;
  return registry::findAsset(transaction, key);
}

/// A project of artifacts need not have runs, and a registry never does.
json::value project(FieldCall& field) {
  return field.call.core.store.read([&](db::Transaction& transaction) -> json::value {
    std::string name = field.text("name");
    if (name.empty()) name = defaultProject;
    if (auto found = findProject(field.call, transaction, name)) return projectObject(*found);
    return json::object{{"id", registryId(field.call.workspace, name)},
                        {"internalId", idOf("ProjectInternalId", 0)},
                        {"name", name},
                        {"entityName", field.call.workspace},
                        {"entity", json::object{{"id", idOf("Entity", 1)}, {"name", field.call.workspace}}},
                        {"readOnly", false},
                        {"_workspace", field.call.workspace}};
  });
}

/// "collection:alias".
json::value membership(FieldCall& field) {
  std::string name = field.text("name"), alias = "latest";
  if (std::size_t colon = name.find(':'); colon != std::string::npos) {
    alias = name.substr(colon + 1);
    name.resize(colon);
  }
  return field.call.core.store.read([&](db::Transaction& transaction) -> json::value {
    auto asset = findCollection(field.call, transaction, memberText(field.parent, "name"), name);
    auto version = asset ? resolve(transaction, *asset, alias) : std::nullopt;
    if (!version) return nullptr;
    return membershipObject(field.call, transaction, *version);
  });
}

json::value artifactOfProject(FieldCall& field) {
  json::value found = membership(field);
  if (!found.is_object()) return nullptr;
  return found.as_object().at("artifact");
}

json::value collection(FieldCall& field) {
  return field.call.core.store.read([&](db::Transaction& transaction) -> json::value {
    auto asset = findCollection(field.call, transaction, memberText(field.parent, "_project"), field.text("name"));
    if (!asset) return nullptr;
    json::object found = collectionObject(transaction, *asset);
    // The collections of a registry hold what was linked to them, whatever its type.
    bool fits = found.at("__typename") == "ArtifactPortfolio" ||
                found.at("defaultArtifactType").at("name") == field.parent.at("name");
    return fits ? json::value(std::move(found)) : json::value();
  });
}
json::value collectionOfId(FieldCall& field) {
  return field.call.core.store.read([&](db::Transaction& transaction) -> json::value {
    auto asset = registry::findAssetById(transaction, numberOf("ArtifactCollection", field.text("id")));
    if (!asset || !mayRead(field.call, asset->key)) noSuch("collection", field.text("id"));
    return collectionObject(transaction, *asset);
  });
}
json::value collectionOfProject(FieldCall& field) {
  return field.call.core.store.read([&](db::Transaction& transaction) -> json::value {
    auto asset = findCollection(field.call, transaction, memberText(field.parent, "name"), field.text("name"));
    if (!asset) return nullptr;
    return collectionObject(transaction, *asset);
  });
}

std::vector<registry::Asset> collectionsOf(const Call& call, db::Transaction& transaction, const std::string& project) {
  registry::AssetKey place = assetOf(call.workspace, project, "x");
  std::vector<registry::Asset> found;
  for (registry::Asset& asset : registry::listAssets(transaction, call.workspace, place.kind, "", 10'000)) {
    auto collection = collectionOf(asset.key);
    if (collection && collection->project == project && mayRead(call, asset.key)) found.push_back(std::move(asset));
  }
  return found;
}

json::value collections(FieldCall& field) {
  return field.call.core.store.read([&](db::Transaction& transaction) -> json::value {
    std::string project = memberText(field.parent, "_project");
    bool ofType = !project.empty();
    if (!ofType) project = memberText(field.parent, "name");
    json::array nodes;
    for (const registry::Asset& asset : collectionsOf(field.call, transaction, project)) {
      json::object node = collectionObject(transaction, asset);
      if (!ofType || node["defaultArtifactType"].as_object().at("name") == field.parent.at("name"))
        nodes.push_back(std::move(node));
    }
    return connection(std::move(nodes));
  });
}

json::object typeObject(const FieldCall& field, std::string_view name, const std::string& project) {
  return {{"id", idOf("ArtifactType", 0)},
          {"name", name},
          {"createdAt", formatTime(0)},
          {"_project", project},
          {"_workspace", field.call.workspace}};
}

json::value type(FieldCall& field) { return typeObject(field, field.text("name"), memberText(field.parent, "name")); }

json::value types(FieldCall& field) {
  return field.call.core.store.read([&](db::Transaction& transaction) -> json::value {
    std::set<std::string> names;
    std::string project = memberText(field.parent, "name");
    if (const json::value* accepted = field.parent.if_contains("_types"))
      for (const json::value& name : accepted->as_array()) names.emplace(name.as_string());
    for (const registry::Asset& asset : collectionsOf(field.call, transaction, project))
      names.insert(
          std::string(collectionObject(transaction, asset)["defaultArtifactType"].as_object().at("name").as_string()));
    json::array nodes;
    for (const std::string& name : names) nodes.push_back(typeObject(field, name, project));
    return connection(std::move(nodes));
  });
}

registry::Asset parentAsset(FieldCall& field, db::Transaction& transaction) {
  registry::AssetKey key{field.call.workspace, *registry::parseKind(memberText(field.parent, "_kind")),
                         memberText(field.parent, "_asset")};
  field.call.require(Verb::read, key.name);
  return registry::getAsset(transaction, key);
}

/// As the client asks for it: "-created_at", "+version_index"; by default the newest first, as they come.
void sortVersions(std::vector<registry::Version>& versions, std::string_view order) {
  if (order.empty()) return;
  bool descending = order.front() == '-';
  bool byChange = order.find("pdated") != std::string_view::npos;
  std::ranges::stable_sort(versions, [&](const registry::Version& a, const registry::Version& b) {
    std::int64_t left = byChange ? a.updatedAt : a.number, right = byChange ? b.updatedAt : b.number;
    return descending ? left > right : left < right;
  });
}

json::value versionsOf(FieldCall& field) {
  return field.call.core.store.read([&](db::Transaction& transaction) -> json::value {
    registry::Asset asset = parentAsset(field, transaction);
    std::size_t count = static_cast<std::size_t>(std::clamp<std::int64_t>(memberInteger(field.args, "first"), 1, 200));
    std::int64_t before = parseInteger(field.text("after")).value_or(0);
    std::vector<registry::Version> all = registry::listVersions(transaction, asset, 100'000);
    const auto total = static_cast<std::int64_t>(all.size());
    sortVersions(all, field.text("order"));
    auto from = all.begin();
    if (before > 0) from = std::ranges::find(all, before, &registry::Version::number);
    if (before > 0 && from != all.end()) ++from;
    std::vector<registry::Version> page(from, from + std::min<std::ptrdiff_t>(all.end() - from, std::ptrdiff_t(count)));
    bool more = from + std::ptrdiff_t(page.size()) != all.end();
    json::array nodes;
    for (const registry::Version& version : page) nodes.push_back(artifactObject(field.call, transaction, version));
    return connection(std::move(nodes), total, more ? std::to_string(page.back().number) : "");
  });
}

json::value aliasesOfCollection(FieldCall& field) {
  return field.call.core.store.read([&](db::Transaction& transaction) -> json::value {
    json::array nodes;
    for (const registry::Alias& alias : registry::listAliases(transaction, parentAsset(field, transaction)))
      nodes.push_back(json::object{{"id", idOf("ArtifactAlias:" + alias.name, alias.number)}, {"alias", alias.name}});
    return connection(std::move(nodes));
  });
}

json::value membershipOfCollection(FieldCall& field) {
  return field.call.core.store.read([&](db::Transaction& transaction) -> json::value {
    auto version = resolve(transaction, parentAsset(field, transaction), field.text("aliasName"));
    if (!version) return nullptr;
    return membershipObject(field.call, transaction, *version);
  });
}

json::value artifact(FieldCall& field) {
  return field.call.core.store.read([&](db::Transaction& transaction) -> json::value {
    registry::Version version = getArtifact(field.call, transaction, field.text("id"), Verb::read);
    return artifactObject(field.call, transaction, version);
  });
}

json::value clientIdMapping(FieldCall& field) {
  return field.call.core.store.read([&](db::Transaction& transaction) -> json::value {
    registry::Version version = getArtifact(field.call, transaction, field.text("clientID"), Verb::read);
    return json::object{{"serverID", idOf(version)}};
  });
}

registry::Version parentVersion(FieldCall& field, db::Transaction& transaction) {
  return getArtifact(field.call, transaction, idOf("Artifact", memberInteger(field.parent, "_version")), Verb::read);
}

json::value files(FieldCall& field) {
  return field.call.core.store.read([&](db::Transaction& transaction) -> json::value {
    registry::Version version = parentVersion(field, transaction);
    FileUrls urls(field.call, version);
    std::size_t from = static_cast<std::size_t>(parseInteger(field.text("after")).value_or(0));
    std::size_t count =
        static_cast<std::size_t>(std::clamp<std::int64_t>(memberInteger(field.args, "first"), 1, 10'000));
    const json::value* names = field.args.if_contains("names");
    auto wanted = [&](std::string_view path) {
      return !names || !names->is_array() ||
             std::ranges::find(names->get_array(), json::value(path)) != names->get_array().end();
    };
    json::array nodes;
    std::size_t at = 0;
    auto add = [&](const std::string& path, std::int64_t size, const std::string& url, const std::string& md5) {
      if (!wanted(path) || at++ < from || nodes.size() >= count) return;
      nodes.push_back(json::object{{"id", idOf("File:" + path, version.id)},
                                   {"name", path},
                                   {"displayName", path},
                                   {"url", url},
                                   {"directUrl", url},
                                   {"sizeBytes", size},
                                   {"storagePath", fmt::format("wandb_artifacts/{}/{}", version.id, path)},
                                   {"mimetype", ""},
                                   {"md5", md5},
                                   {"digest", md5}});
    };
    for (const registry::VersionFile& file : registry::versionFiles(transaction, version))
      add(file.path, file.size, urls.of(file.path),
          knownMd5(transaction, version.asset.key.workspace, file.digest).value_or(""));
    for (const registry::VersionReference& one : registry::versionReferences(transaction, version))
      add(one.path, one.size, one.uri, "");
    return connection(std::move(nodes), static_cast<std::int64_t>(at),
                      from + count < at ? std::to_string(from + count) : "");
  });
}

/// Runs next to a version in the lineage, or versions next to a run, that the caller may read.
json::array runsBeside(FieldCall& field, db::Transaction& transaction, bool upstream) {
  registry::Version version = parentVersion(field, transaction);
  json::array nodes;
  auto direction = upstream ? registry::Direction::upstream : registry::Direction::downstream;
  for (const registry::Edge& edge :
       registry::lineage(transaction, version.asset.key.workspace, version.subject(), direction, 1)) {
    const std::string& node = upstream ? edge.from : edge.to;
    if (!node.starts_with("run/")) continue;
    auto run = tracking::findRun(transaction, version.asset.key.workspace, node.substr(4));
    auto project = run ? tracking::findExperiment(transaction, run->workspace, run->experiment) : std::nullopt;
    if (!project || !field.call.identity->may(Verb::read, run->workspace, project->name)) continue;
    auto tag = run->tags.find(nameTag);
    auto record = findRecord(transaction, *project, tag == run->tags.end() ? run->runId : tag->second);
    if (!record) continue;
    json::object made = runObject(*record);
    made["__typename"] = "Run";
    nodes.push_back(std::move(made));
  }
  return nodes;
}

json::value usedBy(FieldCall& field) {
  return field.call.core.store.read(
      [&](db::Transaction& transaction) -> json::value { return connection(runsBeside(field, transaction, false)); });
}
json::value createdBy(FieldCall& field) {
  return field.call.core.store.read([&](db::Transaction& transaction) -> json::value {
    json::array runs = runsBeside(field, transaction, true);
    if (runs.empty()) return nullptr;
    return runs.front();
  });
}

json::value artifactsOfRun(FieldCall& field, bool outputs) {
  return field.call.core.store.read([&](db::Transaction& transaction) -> json::value {
    RunRecord record = getRecord(
        field.call, transaction,
        {field.call.workspace, memberText(field.parent, "_project"), memberText(field.parent, "_run")}, Verb::read);
    json::array nodes;
    auto direction = outputs ? registry::Direction::downstream : registry::Direction::upstream;
    for (const registry::Edge& edge :
         registry::lineage(transaction, field.call.workspace, record.run.subject(), direction, 1)) {
      const std::string& node = outputs ? edge.to : edge.from;
      auto named = registry::versionNode(field.call.workspace, node);
      if (!named || !mayRead(field.call, named->key)) continue;
      auto version = registry::findVersion(transaction, named->key, named->number);
      if (version) nodes.push_back(artifactObject(field.call, transaction, *version));
    }
    return connection(std::move(nodes));
  });
}
json::value outputArtifacts(FieldCall& field) { return artifactsOfRun(field, true); }
json::value inputArtifacts(FieldCall& field) { return artifactsOfRun(field, false); }

constexpr Resolver table[] = {
    {"Query", "project", reads("projects and artifacts of this name"), Where::args, project},
    {"Query", "model", reads("projects and artifacts of this name"), Where::args, project},
    {"Query", "artifact", signedIn(), Where::nowhere, artifact},
    {"Query", "artifactCollection", signedIn(), Where::nowhere, collectionOfId},
    {"Query", "clientIDMapping", signedIn(), Where::nowhere, clientIdMapping},
    {"Project", "artifactCollectionMembership", reads(artifacts), Where::parent, membership},
    {"Project", "artifact", reads(artifacts), Where::parent, artifactOfProject},
    {"Project", "artifactCollection", reads(artifacts), Where::parent, collectionOfProject},
    {"Project", "artifactCollections", reads(artifacts), Where::parent, collections},
    {"Project", "artifactType", reads(artifacts), Where::parent, type},
    {"Project", "artifactTypes", reads(artifacts), Where::parent, types},
    {"ArtifactType", "artifactCollection", reads(artifacts), Where::parent, collection},
    {"ArtifactType", "artifactCollections", reads(artifacts), Where::parent, collections},
    {"ArtifactSequence", "artifacts", reads(artifacts), Where::parent, versionsOf},
    {"ArtifactPortfolio", "artifacts", reads(artifacts), Where::parent, versionsOf},
    {"ArtifactSequence", "aliases", reads(artifacts), Where::parent, aliasesOfCollection},
    {"ArtifactPortfolio", "aliases", reads(artifacts), Where::parent, aliasesOfCollection},
    {"ArtifactSequence", "artifactMembership", reads(artifacts), Where::parent, membershipOfCollection},
    {"ArtifactPortfolio", "artifactMembership", reads(artifacts), Where::parent, membershipOfCollection},
    {"ArtifactCollectionMembership", "files", reads(artifacts), Where::parent, files},
    {"Artifact", "files", reads(artifacts), Where::parent, files},
    {"Artifact", "usedBy", reads(artifacts), Where::parent, usedBy},
    {"Artifact", "createdBy", reads(artifacts), Where::parent, createdBy},
    {"Run", "outputArtifacts", reads(artifacts), Where::parent, outputArtifacts},
    {"Run", "inputArtifacts", reads(artifacts), Where::parent, inputArtifacts},
};

}  // namespace

std::span<const Resolver> artifactResolvers() { return table; }

}  // namespace regesta::api::wandb
