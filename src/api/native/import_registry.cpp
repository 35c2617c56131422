#include "api/native/import_registry.h"

#include "api/mlflow_prompt.h"
#include "api/native/import_batch.h"
#include "api/version_source.h"
#include "base/text.h"
#include "delivery/register.h"
#include "governance/gate.h"
#include "registry/import_version.h"
#include "registry/pointer.h"

namespace regesta::api::native {
namespace {

registry::AssetKey keyOf(const Call& call, const AssetItem& item) {
  if (item.kind != "model" && item.kind != "prompt") throw Invalid("kind", "must be model or prompt", item.kind);
  return {call.workspace, kindOf(item.kind), item.name};
}

/// The asset here of one at the source: imports keep its row id, so that it may be renamed here.
registry::Asset assetOf(const ImportBatch& batch, db::Transaction& transaction, const std::string& id) {
  auto known = batch.findOf(transaction, "model", id);
  if (!known) throw error(Code::notFound, "'{}' of the source was not imported", id);
  auto asset = registry::findAssetById(transaction, parseInteger(known->target).value_or(0));
  if (!asset) throw error(Code::notFound, "'{}' was imported and has been deleted here", id);
  return *std::move(asset);
}

ImportOutcome importOne(Call& call, registry::Change& change, const ImportBatch& batch, const AssetItem& item) {
  registry::SourceTimes times{item.createdAt, item.updatedAt};
  if (batch.find(change.transaction, item.id)) {
    registry::Asset present = assetOf(batch, change.transaction, item.id);
    if (present.description != item.description) registry::describeAsset(change, present, item.description);
    for (const auto& [key, value] : item.tags)
      if (auto tag = present.tags.find(key); tag == present.tags.end() || tag->second != value)
        registry::setAssetTag(change, present, key, value);
    batch.put(change, item.id, std::to_string(present.id), item.digest);
    return {item.id, std::to_string(present.id), "updated", std::nullopt, std::nullopt};
  }
  registry::AssetKey key = keyOf(call, item);
  if (registry::findRegistered(change.transaction, call.workspace, item.name))
    throw error(Code::exists, "a model or prompt '{}' exists here and does not come from this source", item.name);
  registry::Asset made =
      registry::createAsset(change, key, item.description, registry::Tags(item.tags.begin(), item.tags.end()));
  registry::keepTimes(change, made, times);
  batch.put(change, item.id, std::to_string(made.id), item.digest);
  return {item.id, std::to_string(made.id), "created", std::nullopt, std::nullopt};
}

std::optional<std::string> maybe(const std::string& text) { return text.empty() ? std::nullopt : std::optional(text); }

registry::Version create(Call& call, registry::Change& change, const registry::Asset& asset, const VersionItem& item) {
  bool isPrompt = asset.key.kind == registry::Kind::prompt;
  Origin origin =
      resolveSource(call, change.transaction, {item.sourceUri, maybe(item.runId), maybe(item.modelId), isPrompt});
  registry::NewVersion fresh{.description = item.description,
                             .runLink = item.runLink,
                             .tags = registry::Tags(item.tags.begin(), item.tags.end()),
                             .evenIfSame = true};
  origin.fill(change, call.workspace, fresh);
  registry::reserveNumber(change, asset, item.number);
  if (!isPrompt) {
    registry::Version made = registry::createVersion(change, asset, fresh);
    addOriginEdges(change, made, origin);
    return made;
  }
  fresh.content = item.content;
  return delivery::registerPrompt(change, *call.identity, asset,
                                  {.prompt = promptOfMlflow(item.content), .version = fresh, .lenient = true})
      .version;
}

void renew(registry::Change& change, const registry::Version& present, const VersionItem& item) {
  if (present.description != item.description) registry::describeVersion(change, present, item.description);
  for (const auto& [key, value] : item.tags)
    if (auto tag = present.tags.find(key); tag == present.tags.end() || tag->second != value)
      registry::setVersionTag(change, present, key, value);
}

ImportOutcome importOne(Call& call, registry::Change& change, const ImportBatch& batch, const VersionItem& item) {
  registry::Asset asset = assetOf(batch, change.transaction, item.asset);
  std::string target = std::to_string(item.number);
  if (batch.find(change.transaction, item.id)) {
    renew(change, registry::getVersion(change.transaction, asset.key, item.number), item);
    batch.put(change, item.id, target, item.digest);
    return {item.id, target, "updated", std::nullopt, std::nullopt};
  }
  registry::Version made = create(call, change, asset, item);
  registry::keepTimes(change, made, {item.createdAt, item.updatedAt});
  registry::keepTimes(change, asset, {asset.createdAt, asset.updatedAt});
  batch.put(change, item.id, target, item.digest);
  return {item.id, target, "created", std::nullopt, std::nullopt};
}

/// What the gate said, for people.
std::string reasonOf(const governance::Gate& gate, const governance::Gate::Move& move,
                     const governance::Gate::Outcome& outcome) {
  return governance::outcomeText(gate, move, outcome);
}

ImportOutcome moveOne(Call& call, ImportBatch& batch, const std::string& source, const PointerItem& item) {
  registry::Pointer pointer = registry::parsePointer(item.pointer);
  std::int64_t holder = 0, imported = 0;
  registry::Version version;
  registry::Asset asset = call.core.store.read([&](db::Transaction& transaction) {
    registry::Asset found = assetOf(batch, transaction, item.asset);
    holder = registry::holderOf(transaction, found, pointer);
    version = registry::getVersion(transaction, found.key, item.number);
    if (auto known = batch.find(transaction, item.id)) imported = parseInteger(known->target).value_or(0);
    return found;
  });
  std::string target = std::to_string(item.number);
  if (holder != 0 && holder != item.number && holder != imported)
    return {item.id, std::to_string(holder), "refused",
            fmt::format("points to version {} here, and to {} at the source: move it yourself if you want to", holder,
                        item.number),
            std::nullopt};
  governance::Gate::Move move{
      .key = asset.key, .pointer = pointer, .to = item.number, .reason = "import from " + source};
  governance::Gate::Outcome outcome = call.core.gate.move(*call.identity, move);
  if (!outcome.isDone())
    return {item.id, std::to_string(holder), "refused", reasonOf(call.core.gate, move, outcome), std::nullopt};
  call.core.store.change(call.actor(), [&](registry::Change& change) {
    batch.put(change, item.id, target, item.digest);
    registry::keepTimes(change, asset, {asset.createdAt, asset.updatedAt});
    registry::keepTimes(change, version, {version.createdAt, version.updatedAt});
    change.record(registry::Action::stateRecorded, call.workspace, "import/" + source,
                  {{"about", "import.pointer"}, {"id", item.id}, {"version", item.number}});
  });
  return {item.id, target, imported == 0 ? "created" : "updated", std::nullopt, std::nullopt};
}

}  // namespace

ImportAnswer importAssets(Call& call, const ImportAssets& request) {
  ImportBatch batch(call, request.source, "model");
  return batch.run(request.items, [&](registry::Change& change, const AssetItem& item) {
    return importOne(call, change, batch, item);
  });
}

ImportAnswer importVersions(Call& call, const ImportVersions& request) {
  ImportBatch batch(call, request.source, "version");
  return batch.run(request.items, [&](registry::Change& change, const VersionItem& item) {
    return importOne(call, change, batch, item);
  });
}

ImportAnswer importPointers(Call& call, const ImportPointers& request) {
  ImportBatch batch(call, request.source, "pointer");
  ImportAnswer answer;
  for (const PointerItem& item : request.items) {
    try {
      answer.items.push_back(moveOne(call, batch, request.source, item));
    } catch (const Error& fault) {
      if (!ImportBatch::isRefusal(fault)) throw;
      answer.items.push_back({item.id, "", "refused", fault.message, std::nullopt});
    }
  }
  return answer;
}

}  // namespace regesta::api::native
