#include <algorithm>
#include <set>

#include "api/wandb/artifact_object.h"
#include "api/wandb/artifact_rules.h"
#include "api/wandb/names.h"
#include "api/wandb/registry_record.h"
#include "api/wandb/resolvers.h"
#include "api/wandb/run_object.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/text.h"
#include "base/time.h"
#include "governance/citation.h"
#include "governance/gate.h"
#include "registry/lineage.h"
#include "registry/pointer.h"
#include "registry/reserved_tag.h"
#include "tracking/seal.h"

namespace regesta::api::wandb {
namespace {

using access::Verb;
using governance::Gate;

constexpr std::string_view artifacts = "artifacts of this name";
json::value use(FieldCall& field) {
  const json::object& input = field.input();
  return field.call.core.store.change(field.call.actor(), [&](registry::Change& change) -> json::value {
    registry::Version version =
        getArtifact(field.call, change.transaction, memberText(input, "artifactID"), Verb::read);
    RunRecord run =
        getRecord(field.call, change.transaction,
                  {field.call.workspace, memberText(input, "projectName"), memberText(input, "runName")}, Verb::write);
    if (version.asset.key.workspace == field.call.workspace)
      registry::addEdge(change.transaction, field.call.workspace,
                        {version.subject(), run.run.subject(), "input", change.now});
    return json::object{{"artifact", artifactObject(field.call, change.transaction, version)}};
  });
}

/// A version of the registry's collection with the same files: no content is copied.
registry::Version linkVersion(registry::Change& change, const registry::Version& source,
                              const registry::AssetKey& target) {
  Facts facts = findFacts(change.transaction, source.id).value_or(Facts{.type = "", .digest = source.digest});
  registry::Asset asset =
      makeAsset(change, target, facts.type.empty() ? std::string(kindName(target.kind)) : facts.type);
  if (auto linked = findLink(change.transaction, asset, source)) return *std::move(linked);
  if (auto collection = collectionOf(target))
    requireAccepted(change.transaction, target.workspace, collection->project, facts.type);
  registry::NewVersion made{
      .description = source.description, .source = source.source, .runId = source.runId, .tags = source.tags};
  made.files = registry::versionFiles(change.transaction, source);
  made.references = registry::versionReferences(change.transaction, source);
  if (made.files.empty()) made.digest = registry::digestOfFiles({});  // unless there are references
  if (auto run = tracking::findRun(change.transaction, target.workspace, source.runId))
    made.runDigest = tracking::sealRun(change, *run, "cited");
  registry::Version version = registry::createVersion(change, asset, made);
  registry::addEdge(change.transaction, target.workspace, {source.subject(), version.subject(), "copied", change.now});
  facts.source = source.id;
  putFacts(change.transaction, version.id, facts);
  return version;
}

json::value link(FieldCall& field) {
  const Call& call = field.call;
  const json::object& input = field.input();
  std::string id = memberText(input, "artifactID");
  if (id.empty()) id = memberText(input, "clientID");
  registry::AssetKey target =
      assetOf(call.workspace, memberText(input, "projectName"), memberText(input, "artifactPortfolioName"));
  call.require(Verb::write, target.name);
  std::vector<std::string> aliases = aliasesIn(input);
  checkAliases(aliases);
  registry::Version version = call.core.store.change(call.actor(), [&](registry::Change& change) {
    registry::Version source = getArtifact(call, change.transaction, id, Verb::read);
    if (source.asset.key.workspace != target.workspace)
      throw Error(Code::invalid, "an artifact can be linked to a registry of its own workspace only");
    return linkVersion(change, source, target);
  });
  for (const std::string& alias : aliases) setAlias(call, target, alias, version.number);
  return call.core.store.read([&](db::Transaction& transaction) -> json::value {
    return json::object{{"versionIndex", version.number - 1},
                        {"artifactMembership", membershipObject(call, transaction, version)}};
  });
}

void removeVersion(FieldCall& field, registry::Change& change, const registry::Version& version, bool aliases) {
  registry::deleteVersion(
      change, version,
      Gate::removal(change, *field.call.identity, version, aliases ? Gate::Pointers::remove : Gate::Pointers::keep));
}

json::value unlink(FieldCall& field) {
  const json::object& input = field.input();
  field.call.core.store.change(field.call.actor(), [&](registry::Change& change) {
    registry::Version artifact =
        getArtifact(field.call, change.transaction, memberText(input, "artifactID"), Verb::read);
    auto asset = registry::findAssetById(change.transaction,
                                         numberOf("ArtifactCollection", memberText(input, "artifactPortfolioID")));
    auto linked = asset ? findLink(change.transaction, *asset, artifact) : std::nullopt;
    if (!linked || linked->id == artifact.id) throw Error(Code::notFound, "the artifact is not linked there");
    field.call.identity->require(Verb::write, asset->key.workspace, asset->key.name);
    removeVersion(field, change, *linked, true);
  });
  return json::object{{"success", true}};
}

json::value remove(FieldCall& field) {
  const json::object& input = field.input();
  const json::value* aliases = input.if_contains("deleteAliases");
  std::string id = memberText(input, "artifactID");
  field.call.core.store.change(field.call.actor(), [&](registry::Change& change) {
    registry::Version version = getArtifact(field.call, change.transaction, id, Verb::write);
    removeVersion(field, change, version, aliases && *aliases == json::value(true));
  });
  return json::object{{"artifact", json::object{{"id", id}}}};
}

struct AliasPlace {
  registry::AssetKey key;
  std::string alias;
  std::int64_t number = 0;
};

std::vector<AliasPlace> placesOf(FieldCall& field) {
  const json::object& input = field.input();
  return field.call.core.store.read([&](db::Transaction& transaction) {
    registry::Version artifact = getArtifact(field.call, transaction, memberText(input, "artifactID"), Verb::read);
    std::vector<AliasPlace> places;
    for (const json::value& one : input.at("aliases").as_array()) {
      const json::object& named = one.as_object();
      std::string entity = memberText(named, "entityName");
      registry::AssetKey key = assetOf(entity.empty() ? artifact.asset.key.workspace : entity,
                                       memberText(named, "projectName"), memberText(named, "artifactCollectionName"));
      field.call.identity->require(Verb::write, key.workspace, key.name);
      auto asset = registry::findAsset(transaction, key);
      auto version = asset ? findLink(transaction, *asset, artifact) : std::nullopt;
      if (!version) throw error(Code::notFound, "the artifact is not in the collection '{}'", shorten(key.name, 100));
      places.push_back({key, memberText(named, "alias"), version->number});
    }
    return places;
  });
}

json::value addAliases(FieldCall& field) {
  for (const AliasPlace& place : placesOf(field)) setAlias(field.call, place.key, place.alias, place.number);
  return json::object{{"success", true}};
}

json::value deleteAliases(FieldCall& field) {
  for (const AliasPlace& place : placesOf(field)) {
    if (isAutomatic(place.alias)) continue;
    Gate::Move move{.key = place.key,
                    .pointer = registry::Pointer::alias(place.alias),
                    .to = 0,
                    .reason = "by a client of W&B",
                    .from = place.number};
    field.call.core.gate.moveOrThrow(*field.call.identity, move);
  }
  return json::object{{"success", true}};
}

void changeTags(registry::Change& change, const registry::Version& version, const json::object& input) {
  std::set<std::string> names;
  auto listed = version.tags.find(std::string(artifactTagsTag));
  if (listed != version.tags.end())
    for (const json::value& name : parseJson(listed->second).as_array()) names.insert(std::string(name.as_string()));
  std::set<std::string> before = names;
  for (std::string_view member : {"tagsToAdd", "tagsToDelete"}) {
    const json::value* tags = input.if_contains(member);
    if (!tags || !tags->is_array()) continue;
    for (const json::value& tag : tags->get_array()) {
      std::string name = memberText(tag.as_object(), "tagName");
      if (member == "tagsToAdd")
        names.insert(name);
      else
        names.erase(name);
    }
  }
  if (names == before) return;
  registry::setVersionTag(change, version, artifactTagsTag, writeJson(json::array(names.begin(), names.end())));
}

/// What people and policies may have relied on stays as it was.
void changeMetadata(registry::Change& change, const registry::Version& version, const std::string& metadata) {
  if (metadata == metadataOf(version)) return;
  governance::requireUncited(change.transaction, version,
                             fmt::format("The metadata of version {} of {} '{}'", version.number,
                                         registry::kindName(version.asset.key.kind), version.asset.key.name));
  registry::setMetadataTag(change, version, metadata);
}

json::value update(FieldCall& field) {
  const json::object& input = field.input();
  registry::Version version = field.call.core.store.change(field.call.actor(), [&](registry::Change& change) {
    registry::Version found = getArtifact(field.call, change.transaction, memberText(input, "artifactID"), Verb::write);
    if (const json::value* text = input.if_contains("description"); text && text->is_string())
      found = registry::describeVersion(change, found,
                                        shorten(std::string(text->get_string()), limits::descriptionLength - 4));
    if (!memberText(input, "metadata").empty()) changeMetadata(change, found, metadataOf(input));
    changeTags(change, found, input);
    setTtl(change, found, input);
    return registry::getVersion(change.transaction, found.asset.key, found.number);
  });
  return field.call.core.store.read([&](db::Transaction& transaction) -> json::value {
    return json::object{{"artifact", artifactObject(field.call, transaction, version)}};
  });
}

constexpr Resolver table[] = {
    {"Mutation", "useArtifact", writes("projects of this name"), Where::input, use},
    {"Mutation", "linkArtifact", writes(artifacts), Where::input, link},
    {"Mutation", "unlinkArtifact", signedIn(), Where::nowhere, unlink},
    {"Mutation", "deleteArtifact", signedIn(), Where::nowhere, remove},
    {"Mutation", "addAliases", signedIn(), Where::nowhere, addAliases},
    {"Mutation", "deleteAliases", signedIn(), Where::nowhere, deleteAliases},
    {"Mutation", "updateArtifact", signedIn(), Where::nowhere, update},
};

}  // namespace

std::span<const Resolver> artifactWriters() { return table; }

}  // namespace regesta::api::wandb
