#include "api/native/assets.h"

#include "governance/binding.h"
#include "registry/pointer.h"

namespace regesta::api::native {
namespace {

using governance::Verb;
using registry::Kind;

constexpr Kind kinds[] = {Kind::prompt, Kind::model, Kind::dataset, Kind::policy, Kind::artifact};

/// A policy in use must not vanish: the pointers it guards would be closed to everybody.
void refuseBound(db::Session& session, const registry::AssetKey& key) {
  if (key.kind != Kind::policy) return;
  auto bindings = governance::bindingsOf(session, key);
  if (bindings.empty()) return;
  throw error(Code::refused, "policy '{}' guards '{}' by binding {}; remove the binding first", key.name,
              bindings[0].pointer, bindings[0].id);
}

/// Adds the assets of one kind that the caller may read and whose names begin with the prefix and lie behind `after`.
/// True when the page is full.
bool addKind(Call& call, db::Session& session, Kind kind, const AssetQuery& query, std::string after,
             Page<AssetAnswer>& page) {
  std::size_t wanted = rowsOf(query.pageSize);
  auto add = [&](const registry::Asset& asset) {
    if (!call.identity->may(Verb::read, call.workspace, asset.key.name)) return false;
    if (page.items.size() == wanted) {
      page.nextPageToken = makeToken(page.items.back().kind + "/" + page.items.back().name);
      return true;
    }
    page.items.push_back(assetAnswer(session, asset));
    return false;
  };
  if (after < query.prefix) {  // names are in byte order, so those with the prefix stand together
    auto exact = registry::findAsset(session, {call.workspace, kind, query.prefix});
    if (exact && add(*exact)) return true;
    after = query.prefix;
  }
  while (true) {
    std::vector<registry::Asset> batch = registry::listAssets(session, call.workspace, kind, after, wanted + 1);
    if (batch.empty()) return false;
    for (const registry::Asset& asset : batch) {
      if (!asset.key.name.starts_with(query.prefix)) return false;
      if (add(asset)) return true;
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
  return call.core.store.read([&](db::Session& session) {
    Page<AssetAnswer> page;
    for (Kind kind : kinds) {
      if ((only && kind != *only) || (start && kind < *start)) continue;
      if (addKind(call, session, kind, query, start == kind ? place.substr(slash + 1) : "", page)) break;
    }
    return page;
  });
}

}  // namespace

AssetAnswer assetAnswer(db::Session& session, const registry::Asset& asset) {
  AssetAnswer answer{asset.key.workspace,
                     std::string(registry::kindName(asset.key.kind)),
                     asset.key.name,
                     asset.description,
                     asset.createdBy,
                     timeText(asset.createdAt),
                     timeText(asset.updatedAt),
                     asset.tags};
  if (auto newest = registry::newestVersion(session, asset)) answer.latestVersion = newest->number;
  for (const registry::Alias& alias : registry::listAliases(session, asset))
    answer.aliases.push_back({alias.name, alias.number});
  return answer;
}

Page<AssetAnswer> listAssets(Call& call, const AssetQuery& query) {
  return pageOf(call, query.kind.empty() ? std::nullopt : std::optional(kindOf(query.kind)), query);
}
Page<AssetAnswer> listPrompts(Call& call, const AssetQuery& query) { return pageOf(call, Kind::prompt, query); }
Page<AssetAnswer> listPolicies(Call& call, const AssetQuery& query) { return pageOf(call, Kind::policy, query); }

AssetAnswer createAsset(Call& call, const NewAsset& asked) {
  registry::AssetKey key = changeable(call, asked.kind, asked.name);
  call.status = 201;
  return call.core.store.change(call.actor(), [&](registry::Change& change) {
    return assetAnswer(change.session, registry::createAsset(change, key, asked.description, asked.tags));
  });
}

AssetAnswer getAsset(Call& call, const Named& path) {
  registry::AssetKey key = readable(call, path.kind, path.name);
  return call.core.store.read(
      [&](db::Session& session) { return assetAnswer(session, registry::getAsset(session, key)); });
}

AssetAnswer changeAsset(Call& call, const AssetChange& asked) {
  registry::AssetKey key = changeable(call, asked.kind, asked.name);
  if (asked.newName) changeable(call, asked.kind, *asked.newName);
  bool renames = asked.newName && *asked.newName != key.name;
  return call.core.store.change(call.actor(), [&](registry::Change& change) {
    registry::Asset asset = registry::getAsset(change.session, key);
    if (asked.description) asset = registry::describeAsset(change, asset, *asked.description);
    if (renames) refuseBound(change.session, key);
    if (renames) asset = registry::renameAsset(change, asset, *asked.newName);
    return assetAnswer(change.session, asset);
  });
}

Nothing deleteAsset(Call& call, const Named& path) {
  registry::AssetKey key = changeable(call, path.kind, path.name);
  call.core.store.change(call.actor(), [&](registry::Change& change) {
    refuseBound(change.session, key);
    registry::deleteAsset(change, registry::getAsset(change.session, key));
  });
  call.status = 204;
  return {};
}

Nothing setAssetTag(Call& call, const AssetTag& asked) {
  registry::AssetKey key = changeable(call, asked.kind, asked.name);
  call.core.store.change(call.actor(), [&](registry::Change& change) {
    registry::setAssetTag(change, registry::getAsset(change.session, key), asked.key, asked.value);
  });
  return {};
}

Nothing deleteAssetTag(Call& call, const AssetTag& asked) {
  registry::AssetKey key = changeable(call, asked.kind, asked.name);
  call.core.store.change(call.actor(), [&](registry::Change& change) {
    registry::deleteAssetTag(change, registry::getAsset(change.session, key), asked.key);
  });
  call.status = 204;
  return {};
}

}  // namespace regesta::api::native
