// Changes of collections and projects, and the links of an artifact.
#include <set>

#include "api/wandb/artifact_object.h"
#include "api/wandb/artifact_record.h"
#include "api/wandb/artifact_rules.h"
#include "api/wandb/names.h"
#include "api/wandb/resolvers.h"
#include "api/wandb/run_object.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/text.h"
#include "governance/gate.h"

namespace regesta::api::wandb {
namespace {

using access::Verb;
using governance::Gate;

constexpr std::string_view artifacts = "artifacts of this name";
constexpr std::size_t mostTags = 100;

/// For a change. Throws Error{notFound}, Error{denied}.
registry::Asset getCollection(const Call& call, db::Transaction& transaction, const std::string& id) {
  auto asset = registry::findAssetById(transaction, numberOf("ArtifactCollection", id));
  if (!asset || !call.identity->may(Verb::read, asset->key.workspace, asset->key.name)) noSuch("collection", id);
  call.identity->require(Verb::write, asset->key.workspace, asset->key.name);
  return *std::move(asset);
}

std::string collectionId(const json::object& input) {
  std::string id = memberText(input, "artifactSequenceID");
  return id.empty() ? memberText(input, "artifactPortfolioID") : id;
}

json::value update(FieldCall& field) {
  const json::object& input = field.input();
  const Call& call = field.call;
  registry::Asset asset = call.core.store.change(call.actor(), [&](registry::Change& change) {
    registry::Asset found = getCollection(call, change.transaction, collectionId(input));
    const json::value* text = input.if_contains("description");
    if (!text || !text->is_string()) return found;
    return registry::describeAsset(change, found,
                                   shorten(std::string(text->get_string()), limits::descriptionLength - 4));
  });
  auto collection = collectionOf(asset.key);
  std::string name = memberText(input, "name");
  if (collection && !name.empty() && name != collection->name) {
    registry::AssetKey key = assetOf(asset.key.workspace, collection->project, name);
    call.identity->require(Verb::write, key.workspace, key.name);
    registry::checkNewName(key.name, key.kind);
    asset = call.core.gate.rename(*call.identity, asset.key, key.name);
  }
  return call.core.store.read([&](db::Transaction& transaction) -> json::value {
    return json::object{{"artifactCollection", collectionObject(transaction, asset)}};
  });
}

json::value remove(FieldCall& field) {
  const Call& call = field.call;
  json::object shown;
  call.core.store.change(call.actor(), [&](registry::Change& change) {
    registry::Asset asset = getCollection(call, change.transaction, collectionId(field.input()));
    shown = collectionObject(change.transaction, asset);
    registry::deleteAsset(change, asset, Gate::removal(change, *call.identity, asset, Gate::Pointers::remove));
  });
  shown["state"] = "DELETED";
  return json::object{{"artifactCollection", std::move(shown)}};
}

/// Tags of a collection; returns those of the request.
json::array changeTags(FieldCall& field, bool add) {
  const json::object& input = field.input();
  const Call& call = field.call;
  registry::AssetKey key =
      assetOf(call.workspace, memberText(input, "projectName"), memberText(input, "artifactCollectionName"));
  call.require(Verb::write, key.name);
  json::array changed;
  call.core.store.change(call.actor(), [&](registry::Change& change) {
    registry::Asset asset = registry::getAsset(change.transaction, key);
    std::set<std::string> names;
    auto listed = asset.tags.find(std::string(artifactTagsTag));
    if (listed != asset.tags.end())
      for (const json::value& name : parseJson(listed->second).as_array()) names.insert(std::string(name.as_string()));
    const json::value* tags = input.if_contains("tags");
    if (!tags || !tags->is_array()) throw Invalid("tags", "must be a list");
    for (const json::value& tag : tags->get_array()) {
      std::string name = memberText(tag.as_object(), "tagName");
      if (add)
        names.insert(name);
      else
        names.erase(name);
      changed.push_back(json::object{{"id", idOf("Tag", 0)}, {"name", name}});
    }
    if (names.size() > mostTags) throw Invalid("tags", fmt::format("must be at most {} per collection", mostTags));
    registry::setAssetTag(change, asset, artifactTagsTag, writeJson(json::array(names.begin(), names.end())));
  });
  return changed;
}

json::value addTags(FieldCall& field) { return json::object{{"tags", changeTags(field, true)}}; }
json::value deleteTags(FieldCall& field) {
  changeTags(field, false);
  return json::object{{"success", true}};
}

/// Gives the collection and its versions another type.
json::value changeType(FieldCall& field) {
  const Call& call = field.call;
  const json::object& input = field.input();
  std::string type = memberText(input, "destinationArtifactTypeName");
  if (!isTypeName(type))
    throw Invalid("destinationArtifactTypeName", fmt::format("must be 1 to {} bytes, without / and :", typeLength));
  if (type.starts_with("wandb-") || type == "job" || type == "run_table" || type == "code")
    throw Invalid("destinationArtifactTypeName", "is a type that only the client itself gives");
  registry::Asset asset = call.core.store.change(call.actor(), [&](registry::Change& change) {
    registry::Asset found = getCollection(call, change.transaction, collectionId(input));
    auto collection = collectionOf(found.key);
    if (!collection || isRegistry(collection->project))
      throw Invalid("artifactSequenceID",
                    "is a collection of a registry: change the type where its artifacts were logged");
    registry::setAssetTag(change, found, typeTag, type);
    change.transaction.run(
        "UPDATE wandb_version SET type = $2 WHERE version IN (SELECT id FROM version WHERE asset = $1)",
        {found.id, type});
    return registry::getAsset(change.transaction, found.key);
  });
  return call.core.store.read([&](db::Transaction& transaction) -> json::value {
    return json::object{{"artifactCollection", collectionObject(transaction, asset)}};
  });
}

/// The collections that the artifact is in: its own, and those that it is linked to.
json::value membershipsOf(FieldCall& field) {
  const Call& call = field.call;
  return call.core.store.read([&](db::Transaction& transaction) -> json::value {
    std::int64_t row = memberInteger(field.parent, "_version");
    std::vector<std::int64_t> rows{row};
    {
      db::Rows links = transaction.query(
          "SELECT w.version FROM wandb_version w JOIN version v ON v.id = w.version WHERE w.source = $1 AND v.deleted "
          "= "
          "0 ORDER BY w.version LIMIT 1000",
          {row});
      while (links.next()) rows.push_back(links.integer(0));
    }
    json::array nodes;
    for (std::int64_t one : rows) {
      field.budget.check();
      auto version = versionOfRow(transaction, one);
      if (version && call.identity->may(Verb::read, version->asset.key.workspace, version->asset.key.name))
        nodes.push_back(membershipObject(call, transaction, *version));
    }
    return connection(std::move(nodes));
  });
}

constexpr Resolver table[] = {
    {"Mutation", "updateArtifactSequence", signedIn(), Where::nowhere, update},
    {"Mutation", "updateArtifactPortfolio", signedIn(), Where::nowhere, update},
    {"Mutation", "deleteArtifactSequence", signedIn(), Where::nowhere, remove},
    {"Mutation", "deleteArtifactPortfolio", signedIn(), Where::nowhere, remove},
    {"Mutation", "createArtifactCollectionTagAssignments", writes(artifacts), Where::entity, addTags},
    {"Mutation", "deleteArtifactCollectionTagAssignments", writes(artifacts), Where::entity, deleteTags},
    {"Mutation", "moveArtifactSequence", signedIn(), Where::nowhere, changeType},
    {"Artifact", "artifactMemberships", reads(artifacts), Where::parent, membershipsOf},
};

}  // namespace

std::span<const Resolver> collectionWriters() { return table; }

}  // namespace regesta::api::wandb
