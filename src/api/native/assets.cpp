#include "api/native/assets.h"

#include "governance/binding.h"
#include "governance/gate.h"
#include "registry/asset_search.h"
#include "registry/pointer.h"

namespace regesta::api::native {
namespace {

using access::Verb;
using registry::Kind;
using Pointers = governance::Gate::Pointers;

constexpr Kind kinds[] = {Kind::prompt, Kind::model, Kind::dataset, Kind::policy, Kind::artifact};

/// A policy in use must not vanish: the pointers it guards would be closed to everybody.
void refuseBound(db::Transaction& transaction, const registry::AssetKey& key) {
  if (key.kind != Kind::policy) return;
  auto bindings = governance::bindingsOf(transaction, key);
  if (bindings.empty()) return;
  throw error(Code::refused, "policy '{}' is bound to '{}' by binding {}; remove the binding first", key.name,
              bindings[0].pointer, bindings[0].id);
}

/// Adds the assets of one kind that the caller may read, whose names begin with the prefix and come after
/// `search.nameAfter`, and that match the search. True when the page is full.
bool addKind(Call& call, db::Transaction& transaction, Kind kind, const AssetQuery& query, registry::AssetSearch search,
             Page<AssetAnswer>& page) {
  std::size_t wanted = rowsOf(query.pageSize);
  bool narrows = search.narrows();
  auto add = [&](const registry::Asset& asset) {
    if (!call.identity->may(Verb::read, call.workspace, asset.key.name)) return false;
    if (page.items.size() == wanted) {
      page.nextPageToken = makeToken(page.items.back().kind + "/" + page.items.back().name);
      return true;
    }
    page.items.push_back(assetAnswer(transaction, asset));
    return false;
  };
  std::string& after = search.nameAfter;
  if (!narrows && after < query.prefix) {  // names are in byte order, so those with the prefix stand together
    auto exact = registry::findAsset(transaction, {call.workspace, kind, query.prefix});
    if (exact && add(*exact)) return true;
    after = query.prefix;
  }
  while (true) {
    std::vector<registry::Asset> batch =
        narrows ? registry::searchAssets(transaction, call.workspace, kind, search, wanted + 1)
                : registry::listAssets(transaction, call.workspace, kind, after, wanted + 1);
    if (batch.empty()) return false;
    for (const registry::Asset& asset : batch) {
      bool fits = asset.key.name.starts_with(query.prefix);
      if (!fits && !narrows) return false;
      if (fits && add(asset)) return true;
    }
    after = batch.back().key.name;
  }
}

Page<AssetAnswer> pageOf(Call& call, std::optional<Kind> only, const AssetQuery& query) {
  std::string place = readToken(query.pageToken);
  std::size_t slash = place.find('/');
  std::optional<Kind> start;
  if (slash != std::string::npos) start = registry::parseKind(place.substr(0, slash));
  if (!place.empty() && !start) throw Invalid("page_token", "must be the next_page_token of an earlier answer");
  registry::AssetSearch search{registry::searchWords(query.search), query.aliasPrefix, ""};
  return call.core.store.read([&](db::Transaction& transaction) {
    Page<AssetAnswer> page;
    for (Kind kind : kinds) {
      if ((only && kind != *only) || (start && kind < *start)) continue;
      search.nameAfter = start == kind ? place.substr(slash + 1) : "";
      if (addKind(call, transaction, kind, query, search, page)) break;
    }
    return page;
  });
}

}  // namespace

AssetAnswer assetAnswer(db::Transaction& transaction, const registry::Asset& asset) {
  AssetAnswer answer{asset.key.workspace,
                     std::string(registry::kindName(asset.key.kind)),
                     asset.key.name,
                     asset.description,
                     asset.createdBy,
                     timeText(asset.createdAt),
                     timeText(asset.updatedAt),
                     asset.tags};
  if (auto newest = registry::newestVersion(transaction, asset)) answer.latestVersion = newest->number;
  for (const registry::Alias& alias : registry::listAliases(transaction, asset))
    answer.aliases.push_back({alias.name, alias.number});
  return answer;
}

Page<AssetAnswer> listAssets(Call& call, const AssetQuery& query) {
  return pageOf(call, query.kind.empty() ? std::nullopt : std::optional(kindOf(query.kind)), query);
}
Page<AssetAnswer> listPrompts(Call& call, const AssetQuery& query) { return pageOf(call, Kind::prompt, query); }
Page<AssetAnswer> listPolicies(Call& call, const AssetQuery& query) { return pageOf(call, Kind::policy, query); }

AssetAnswer createAsset(Call& call, const NewAsset& request) {
  registry::AssetKey key = changeable(call, request.kind, request.name);
  call.status = 201;
  return call.core.store.change(call.actor(), [&](registry::Change& change) {
    return assetAnswer(change.transaction, registry::createAsset(change, key, request.description, request.tags));
  });
}

AssetAnswer getAsset(Call& call, const Named& path) {
  registry::AssetKey key = readable(call, path.kind, path.name);
  return call.core.store.read(
      [&](db::Transaction& transaction) { return assetAnswer(transaction, registry::getAsset(transaction, key)); });
}

AssetAnswer changeAsset(Call& call, const AssetChange& request) {
  registry::AssetKey key = changeable(call, request.kind, request.name);
  if (request.newName) changeable(call, request.kind, *request.newName);
  bool renames = request.newName && *request.newName != key.name;
  if (renames) key = call.core.gate.rename(*call.identity, key, *request.newName).key;
  return call.core.store.change(call.actor(), [&](registry::Change& change) {
    registry::Asset asset = registry::getAsset(change.transaction, key);
    if (request.description) asset = registry::describeAsset(change, asset, *request.description);
    return assetAnswer(change.transaction, asset);
  });
}

Empty deleteAsset(Call& call, const AssetRemoval& path) {
  registry::AssetKey key = changeable(call, path.kind, path.name);
  call.core.store.change(call.actor(), [&](registry::Change& change) {
    refuseBound(change.transaction, key);
    registry::Asset asset = registry::getAsset(change.transaction, key);
    Pointers pointers = path.force ? Pointers::remove : Pointers::keep;
    registry::deleteAsset(change, asset, governance::Gate::removal(change, *call.identity, asset, pointers));
  });
  call.status = 204;
  return {};
}

Empty setAssetTag(Call& call, const AssetTag& request) {
  registry::AssetKey key = changeable(call, request.kind, request.name);
  call.core.store.change(call.actor(), [&](registry::Change& change) {
    registry::setAssetTag(change, registry::getAsset(change.transaction, key), request.key, request.value);
  });
  return {};
}

Empty deleteAssetTag(Call& call, const AssetTag& request) {
  registry::AssetKey key = changeable(call, request.kind, request.name);
  call.core.store.change(call.actor(), [&](registry::Change& change) {
    registry::deleteAssetTag(change, registry::getAsset(change.transaction, key), request.key);
  });
  call.status = 204;
  return {};
}

}  // namespace regesta::api::native
