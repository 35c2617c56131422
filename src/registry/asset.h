#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/change.h"

namespace regesta::registry {

enum class Kind { prompt, model, dataset, policy, artifact };
std::string_view kindName(Kind kind);
std::optional<Kind> parseKind(std::string_view text);

using Tags = std::map<std::string, std::string>;

/// Names an asset from outside. Within a workspace a name is unique a kind; prompts and models share one name space
/// because MLflow's clients see them as one.
struct AssetKey {
  std::string workspace = "default";
  Kind kind = Kind::model;
  std::string name;
  std::string subject() const;  ///< "model/loan-risk", as ledger entries and lineage write it
};

struct Asset {
  std::int64_t id = 0;
  AssetKey key;
  std::string description;
  std::int64_t createdAt = 0, updatedAt = 0;  ///< milliseconds
  std::string createdBy;
  Tags tags;
};

/// Non-empty, at most limits::nameLength bytes of UTF-8, no control characters, no '/' ':' '\\', not "." or "..".
/// Prompts may stand in folders: "support/greeting", each part such a name. Throws Invalid{field "name"} otherwise.
void checkName(std::string_view name, Kind kind);

/// Throws Error{exists} when taken (saying so when a prompt holds a model's name or the reverse).
Asset createAsset(Change& change, const AssetKey& key, std::string_view description, const Tags& tags);
std::optional<Asset> findAsset(db::Session& session, const AssetKey& key);
Asset getAsset(db::Session& session, const AssetKey& key);  ///< throws Error{notFound}
std::optional<Asset> findAssetById(db::Session& session, std::int64_t id);
/// The prompt or the model of that name, whichever there is.
std::optional<Asset> findRegistered(db::Session& session, std::string_view workspace, std::string_view name);

Asset renameAsset(Change& change, const Asset& asset, std::string_view newName);  ///< throws Error{exists}
Asset describeAsset(Change& change, const Asset& asset, std::string_view description);
void setAssetTag(Change& change, const Asset& asset, std::string_view key, std::string_view value);
void deleteAssetTag(Change& change, const Asset& asset, std::string_view key);  ///< silent when absent
/// Deletes the asset with its versions, aliases and tags; what was is still in the ledger. Throws Error{refused} while
/// a protected pointer stands on one of its versions, or a prompt is made of one.
void deleteAsset(Change& change, const Asset& asset);

/// Assets of a workspace by kind (nullopt: prompts and models), ordered by name, tags filled in.
/// `nameAfter` continues behind that name; `limit` rows at most.
std::vector<Asset> listAssets(db::Session& session, std::string_view workspace, std::optional<Kind> kind,
                              std::string_view nameAfter, std::size_t limit);

}  // namespace regesta::registry
