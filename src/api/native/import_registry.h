#pragma once
#include "api/native/imports.h"

/// Imports of registered models and prompts, their versions and pointers.
namespace regesta::api::native {

struct AssetItem {
  std::string id, digest, kind, name, description;
  std::int64_t createdAt = 0, updatedAt = 0;
  TextMap tags;
  static constexpr Field fields[] = {field<&AssetItem::id>("id", idRule),
                                     field<&AssetItem::digest>("digest", digestRule),
                                     field<&AssetItem::kind>("kind", required | about("model or prompt")),
                                     field<&AssetItem::name>("name", required),
                                     field<&AssetItem::description>("description"),
                                     field<&AssetItem::createdAt>("created_at"),
                                     field<&AssetItem::updatedAt>("updated_at"),
                                     field<&AssetItem::tags>("tags")};
};
struct ImportAssets {
  std::string source;
  std::vector<AssetItem> items;
  static constexpr std::string_view documentation =
      "An asset that exists here and does not come from the source is refused.";
  static constexpr Field fields[] = {field<&ImportAssets::source>("source", required),
                                     field<&ImportAssets::items>("items", atMost(1000))};
};

struct VersionItem {
  std::string id, digest, asset, description, sourceUri, runId, runLink, modelId, content;
  std::int64_t number = 0, createdAt = 0, updatedAt = 0;
  TextMap tags;
  static constexpr Field fields[] = {
      field<&VersionItem::id>("id", idRule),
      field<&VersionItem::digest>("digest", digestRule),
      field<&VersionItem::asset>("asset", required | about("id of its model or prompt at the source")),
      field<&VersionItem::number>("number", required | atLeast(1)),
      field<&VersionItem::description>("description"),
      field<&VersionItem::sourceUri>("source_uri", about("runs:/…, models:/… or a place elsewhere")),
      field<&VersionItem::runId>("run_id"),
      field<&VersionItem::runLink>("run_link"),
      field<&VersionItem::modelId>("model_id"),
      field<&VersionItem::content>("content", about("of a prompt: JSON with template, type, response_format and "
                                                    "model_config")),
      field<&VersionItem::createdAt>("created_at"),
      field<&VersionItem::updatedAt>("updated_at"),
      field<&VersionItem::tags>("tags")};
};
struct ImportVersions {
  std::string source;
  std::vector<VersionItem> items;
  static constexpr std::string_view documentation =
      "A version keeps its number: send the versions of an asset in ascending order. The caller is its author. "
      "Repeating the call brings description and tags up to date.";
  static constexpr Field fields[] = {field<&ImportVersions::source>("source", required),
                                     field<&ImportVersions::items>("items", atMost(1000))};
};

struct PointerItem {
  std::string id, digest, asset, pointer;
  std::int64_t number = 0;
  static constexpr Field fields[] = {
      field<&PointerItem::id>("id", idRule), field<&PointerItem::digest>("digest", digestRule),
      field<&PointerItem::asset>("asset", required | about("id of its model or prompt at the source")),
      field<&PointerItem::pointer>("pointer", required | about("an alias, or stage:Production")),
      field<&PointerItem::number>("number", required | atLeast(1))};
};
struct ImportPointers {
  std::string source;
  std::vector<PointerItem> items;
  static constexpr std::string_view documentation =
      "Moves aliases and stages through the gate, like any other caller. A pointer that was moved here since its last "
      "import stays.";
  static constexpr Field fields[] = {field<&ImportPointers::source>("source", required),
                                     field<&ImportPointers::items>("items", atMost(1000))};
};

ImportAnswer importAssets(Call& call, const ImportAssets& request);
ImportAnswer importVersions(Call& call, const ImportVersions& request);
ImportAnswer importPointers(Call& call, const ImportPointers& request);

}  // namespace regesta::api::native
