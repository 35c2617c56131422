#pragma once
#include "api/native/common.h"

namespace regesta::api::native {

/// `force`: remove its unprotected aliases too; otherwise they prevent the deletion.
struct AssetRemoval {
  std::string kind, name;
  bool force = false;
  static constexpr Field fields[] = {field<&AssetRemoval::kind>("kind", required),
                                     field<&AssetRemoval::name>("name", required),
                                     field<&AssetRemoval::force>("force")};
};
struct AliasShort {
  std::string name;
  std::int64_t version = 0;
  static constexpr Field fields[] = {field<&AliasShort::name>("name"), field<&AliasShort::version>("version")};
};
struct AssetAnswer {
  std::string workspace, kind, name, description, createdBy;
  std::optional<std::string> createdAt, updatedAt;
  TextMap tags;
  std::optional<std::int64_t> latestVersion;
  std::vector<AliasShort> aliases;
  static constexpr Field fields[] = {field<&AssetAnswer::workspace>("workspace"),
                                     field<&AssetAnswer::kind>("kind"),
                                     field<&AssetAnswer::name>("name"),
                                     field<&AssetAnswer::description>("description"),
                                     field<&AssetAnswer::createdBy>("created_by"),
                                     field<&AssetAnswer::createdAt>("created_at"),
                                     field<&AssetAnswer::updatedAt>("updated_at"),
                                     field<&AssetAnswer::tags>("tags"),
                                     field<&AssetAnswer::latestVersion>("latest_version"),
                                     field<&AssetAnswer::aliases>("aliases")};
};
AssetAnswer assetAnswer(db::Transaction& transaction, const registry::Asset& asset);

struct AssetQuery {
  std::string kind, prefix, search, aliasPrefix, pageToken;
  std::int64_t pageSize = 0;
  static constexpr Field fields[] = {
      field<&AssetQuery::kind>("kind"),
      field<&AssetQuery::prefix>("prefix"),
      field<&AssetQuery::search>("search",
                                 atMost(500) | about("up to four words; each is part of the name, the description or a "
                                                     "tag written key=value; case is ignored")),
      field<&AssetQuery::aliasPrefix>("alias_prefix", atMost(250) | about("only assets with such an alias")),
      field<&AssetQuery::pageToken>("page_token"),
      field<&AssetQuery::pageSize>("page_size", pageRule)};
};
struct NewAsset {
  std::string kind, name, description;
  TextMap tags;
  static constexpr Field fields[] = {field<&NewAsset::kind>("kind", required), field<&NewAsset::name>("name", required),
                                     field<&NewAsset::description>("description"), field<&NewAsset::tags>("tags")};
};
struct AssetChange {
  std::string kind, name;
  std::optional<std::string> description, newName;
  static constexpr Field fields[] = {
      field<&AssetChange::kind>("kind", required), field<&AssetChange::name>("name", required),
      field<&AssetChange::description>("description"), field<&AssetChange::newName>("new_name", about("renames it"))};
};
struct AssetTag {
  std::string kind, name, key, value;
  static constexpr Field fields[] = {field<&AssetTag::kind>("kind", required), field<&AssetTag::name>("name", required),
                                     field<&AssetTag::key>("key", required), field<&AssetTag::value>("value")};
};

Page<AssetAnswer> listAssets(Call& call, const AssetQuery& query);
/// GET /api/v1/policies and /api/v1/prompts: assets of that kind.
Page<AssetAnswer> listPrompts(Call& call, const AssetQuery& query);
Page<AssetAnswer> listPolicies(Call& call, const AssetQuery& query);
AssetAnswer createAsset(Call& call, const NewAsset& request);
AssetAnswer getAsset(Call& call, const Named& path);
AssetAnswer changeAsset(Call& call, const AssetChange& request);
Empty deleteAsset(Call& call, const AssetRemoval& path);
Empty setAssetTag(Call& call, const AssetTag& request);
Empty deleteAssetTag(Call& call, const AssetTag& request);

}  // namespace regesta::api::native
