#include "api/native/assets.h"

#include "registry/pointer.h"

namespace regesta::api::native {
namespace {

using governance::Verb;
using registry::Kind;

/// Assets the caller may read, in pages: a page is refilled until it is full or the list ends.
Page<AssetAnswer> pageOf(Call& call, std::optional<Kind> kind, const AssetQuery& query) {
  std::size_t want = rowsOf(query.pageSize);
  std::string after = readToken(query.pageToken);
  Page<AssetAnswer> page;
  bool more = true;
  call.core.store.read([&](db::Session& session) {
    while (more && page.items.size() < want) {
      auto assets = registry::listAssets(session, call.workspace, kind, after, want);
      more = assets.size() == want;
      for (const registry::Asset& asset : assets) {
        if (page.items.size() == want) {
          more = true;
          break;
        }
        after = asset.key.name;
        if (asset.key.name.starts_with(query.prefix) && call.identity->may(Verb::read, call.workspace, asset.key.name))
          page.items.push_back(assetAnswer(session, asset));
      }
    }
  });
  if (more) page.nextPageToken = makeToken(after);
  return page;
}

}  // namespace

AssetAnswer assetAnswer(db::Session& session, const registry::Asset& asset) {
  AssetAnswer answer{asset.key.workspace,   std::string(registry::kindName(asset.key.kind)), asset.key.name, asset.description, asset.createdBy,
                     timeText(asset.createdAt), timeText(asset.updatedAt), asset.tags};
  if (auto newest = registry::newestVersion(session, asset)) answer.latestVersion = newest->number;
  for (const registry::Alias& alias : registry::listAliases(session, asset)) answer.aliases.push_back({alias.name, alias.number});
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
  return call.core.store.read([&](db::Session& session) { return assetAnswer(session, registry::getAsset(session, key)); });
}

AssetAnswer changeAsset(Call& call, const AssetChange& asked) {
  registry::AssetKey key = changeable(call, asked.kind, asked.name);
  if (asked.newName) changeable(call, asked.kind, *asked.newName);
  return call.core.store.change(call.actor(), [&](registry::Change& change) {
    registry::Asset asset = registry::getAsset(change.session, key);
    if (asked.description) asset = registry::describeAsset(change, asset, *asked.description);
    if (asked.newName) asset = registry::renameAsset(change, asset, *asked.newName);
    return assetAnswer(change.session, asset);
  });
}

Nothing deleteAsset(Call& call, const Named& path) {
  registry::AssetKey key = changeable(call, path.kind, path.name);
  call.core.store.change(call.actor(), [&](registry::Change& change) { registry::deleteAsset(change, registry::getAsset(change.session, key)); });
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
