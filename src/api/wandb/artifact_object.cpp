#include "api/wandb/artifact_object.h"

#include "api/wandb/artifact_files.h"
#include "api/wandb/artifact_rules.h"
#include "api/wandb/names.h"
#include "base/time.h"
#include "registry/pointer.h"

namespace regesta::api::wandb {
namespace {

using registry::Kind;

json::object placeOf(const registry::AssetKey& key, const Collection& collection) {
  json::object entity{{"id", idOf("Entity", 1)}, {"name", key.workspace}};
  return {{"id", registryId(key.workspace, collection.project)},
          {"internalId", idOf("ProjectInternalId", 0)},
          {"name", collection.project},
          {"entityName", key.workspace},
          {"entity", std::move(entity)},
          {"_workspace", key.workspace}};
}

std::string typeOf(const registry::Asset& asset, const std::optional<Facts>& facts) {
  if (facts && !facts->type.empty()) return facts->type;
  auto tag = asset.tags.find(std::string(typeTag));
  return tag == asset.tags.end() ? std::string(registry::kindName(asset.key.kind)) : tag->second;
}

json::array tagsOf(const registry::Tags& all) {
  json::array tags;
  auto listed = all.find(std::string(artifactTagsTag));
  if (listed == all.end()) return tags;
  for (const json::value& name : parseJson(listed->second).as_array())
    tags.push_back(json::object{{"id", idOf("Tag", 0)}, {"name", name}});
  return tags;
}

json::array aliasList(db::Transaction& transaction, const registry::Version& version) {
  json::array aliases;
  auto add = [&](const std::string& name) {
    aliases.push_back(json::object{{"id", idOf("ArtifactAlias:" + name, version.id)},
                                   {"alias", name},
                                   {"artifactCollection", collectionObject(transaction, version.asset)}});
  };
  for (const std::string& name : registry::aliasesOf(transaction, version)) add(name);
  auto newest = registry::newestVersion(transaction, version.asset);
  if (newest && newest->number == version.number) add("latest");
  add(fmt::format("v{}", version.number - 1));
  return aliases;
}

}  // namespace

json::object collectionObject(db::Transaction& transaction, const registry::Asset& asset) {
  Collection collection =
      collectionOf(asset.key).value_or(Collection{std::string(registryPrefix) + "other", asset.key.name});
  json::object made{
      {"__typename", isRegistry(collection.project) ? "ArtifactPortfolio" : "ArtifactSequence"},
      {"id", idOf("ArtifactCollection", asset.id)},
      {"name", collection.name},
      {"description", asset.description},
      {"state", "READY"},
      {"createdAt", formatTime(asset.createdAt)},
      {"updatedAt", formatTime(asset.updatedAt)},
      {"project", placeOf(asset.key, collection)},
      {"tags", connection(tagsOf(asset.tags))},
      {"defaultArtifactType", json::object{{"id", idOf("ArtifactType", 0)}, {"name", typeOf(asset, std::nullopt)}}},
      {"digestAlgorithm", "MANIFEST_MD5"},
      {"_workspace", asset.key.workspace},
      {"_kind", registry::kindName(asset.key.kind)},
      {"_asset", asset.key.name}};
  if (auto newest = registry::newestVersion(transaction, asset))
    made["latestArtifact"] = json::object{{"id", idOf(*newest)}, {"versionIndex", newest->number - 1}};
  return made;
}

json::object artifactObject(const Call& call, db::Transaction& transaction, const registry::Version& given) {
  registry::Version version = given;
  std::optional<Facts> facts = findFacts(transaction, version.id);
  // What was linked is shown as its source, with the metadata and description that it was linked with: those of the
  // source may change without a right on the link. Only a source with the same content, whatever the row says.
  const std::string metadata = metadataOf(given);
  if (facts && facts->source != 0)
    if (auto source = versionOfRow(transaction, facts->source);
        source && source->digest == given.digest &&
        call.identity->may(access::Verb::read, source->asset.key.workspace, source->asset.key.name)) {
      version = *std::move(source);
      facts = findFacts(transaction, version.id);
    }
  std::int64_t size = 0, count = 0;
  for (const registry::VersionFile& file : registry::versionFiles(transaction, version)) {
    size += file.size;
    ++count;
  }
  count += static_cast<std::int64_t>(registry::versionReferences(transaction, version).size());
  json::object collection = collectionObject(transaction, version.asset);
  collection["__typename"] = "ArtifactSequence";
  json::object made{
      {"id", idOf(version)},
      {"state", "COMMITTED"},
      {"artifactSequence", std::move(collection)},
      {"versionIndex", version.number - 1},
      {"artifactType", json::object{{"id", idOf("ArtifactType", 0)}, {"name", typeOf(version.asset, facts)}}},
      {"description", given.description},
      {"metadata", metadata},
      {"tags", tagsOf(version.tags)},
      {"historyStep", facts && facts->step > 0 ? json::value(facts->step) : json::value(nullptr)},
      {"size", size},
      {"digest", facts ? facts->digest : version.digest},
      {"digestAlgorithm", "MANIFEST_MD5"},
      {"commitHash", version.digest.substr(0, 20)},
      {"fileCount", count},
      {"createdAt", formatTime(version.createdAt)},
      {"updatedAt", formatTime(version.updatedAt)},
      {"aliases", aliasList(transaction, version)},
      {"currentManifest", json::object{{"id", idOf("ArtifactManifest", version.id)},
                                       {"file", json::object{{"id", idOf("File", version.id)},
                                                             {"directUrl", manifestUrl(call, version)}}}}},
      {"_workspace", version.asset.key.workspace},
      {"_version", version.id}};
  describeTtl(made, transaction, version);
  return made;
}

json::object membershipObject(const Call& call, db::Transaction& transaction, const registry::Version& version) {
  return {{"id", idOf("ArtifactCollectionMembership", version.id)},
          {"versionIndex", version.number - 1},
          {"createdAt", formatTime(version.createdAt)},
          {"aliases", aliasList(transaction, version)},
          {"artifactCollection", collectionObject(transaction, version.asset)},
          {"artifact", artifactObject(call, transaction, version)},
          {"_workspace", version.asset.key.workspace},
          {"_version", version.id}};
}

json::object connection(json::array nodes, std::int64_t total, std::string_view cursor) {
  json::array edges;
  std::int64_t count = total < 0 ? static_cast<std::int64_t>(nodes.size()) : total;
  for (json::value& node : nodes) {
    json::object edge{{"cursor", nullptr}, {"node", std::move(node)}};
    if (json::object* object = edge["node"].if_object(); object && object->contains("versionIndex"))
      edge["version"] = fmt::format("v{}", memberInteger(*object, "versionIndex"));
    edges.push_back(std::move(edge));
  }
  json::value end = nullptr;
  if (!cursor.empty()) end = cursor;
  return {{"totalCount", count},
          {"edges", std::move(edges)},
          {"pageInfo", json::object{{"hasNextPage", !cursor.empty()}, {"endCursor", std::move(end)}}}};
}

}  // namespace regesta::api::wandb
