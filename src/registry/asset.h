#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/change.h"
#include "registry/clearance.h"
#include "registry/pointer_name.h"

namespace regesta::registry {

enum class Kind { prompt, model, dataset, policy, artifact };
std::string_view kindName(Kind kind);
std::optional<Kind> parseKind(std::string_view text);

using Tags = std::map<std::string, std::string>;

/// Identifies an asset. A name is unique per workspace and kind; prompts and models share one name space, because
/// MLflow's clients see them as one.
struct AssetKey {
  std::string workspace = "default";
  Kind kind = Kind::model;
  std::string name;
  std::string subject() const;                        ///< "model/loan-risk", as ledger entries and lineage write it
  std::string subject(const Pointer& pointer) const;  ///< "model/loan-risk#production"
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
/// Prompts and artifacts may be in folders: "support/greeting", each part such a name. Throws Invalid{field "name"}
/// otherwise.
void checkName(std::string_view name, Kind kind);
/// The rules for new names: checkName(), and no name that can be confused with another (base/name.h).
void checkNewName(std::string_view name, Kind kind);
/// Throws Invalid{field "name_pattern"} for what is neither a name nor a glob of names, and for a pattern that only
/// looks like the names it is meant for: it would cover none of them.
void checkNamePattern(std::string_view pattern);
/// Whether the pattern is KIND/NAME (coversAny()): a kind or '*' before the first '/'.
bool isKindAndName(std::string_view pattern);

/// Throws Error{exists} when taken (saying so when a prompt holds a model's name or the reverse).
Asset createAsset(Change& change, const AssetKey& key, std::string_view description, const Tags& tags);
std::optional<Asset> findAsset(db::Transaction& transaction, const AssetKey& key);
Asset getAsset(db::Transaction& transaction, const AssetKey& key);  ///< throws Error{notFound}
std::optional<Asset> findAssetById(db::Transaction& transaction, std::int64_t id);
/// The prompt or model of that name.
std::optional<Asset> findRegistered(db::Transaction& transaction, std::string_view workspace, std::string_view name);

/// Throws Error{exists} for a taken name, Error{conflict} when a pointer that the new name protects has no decision in
/// the clearance, Error{refused} when a policy binding would no longer match and the clearance does not allow that.
/// Recorded as "asset.renamed", and per cleared pointer as "alias.moved" or "stage.entered" to its version.
Asset renameAsset(Change& change, const Asset& asset, std::string_view newName, const RenameClearance& clearance);
Asset describeAsset(Change& change, const Asset& asset, std::string_view description);
void setAssetTag(Change& change, const Asset& asset, std::string_view key, std::string_view value);
void deleteAssetTag(Change& change, const Asset& asset, std::string_view key);  ///< silent when absent
/// Deletes the asset with its versions, aliases and tags; its history stays in the ledger. Throws Error{refused} while
/// a legal hold covers it or one of its versions, a protected pointer points to one of its versions, a prompt includes
/// one, or (unless the removal includes pointers) any pointer points to one.
void deleteAsset(Change& change, const Asset& asset, const Removal& removal);

/// Assets of a workspace by kind (nullopt: prompts and models), ordered by name, tags filled in.
/// Names after `nameAfter`; at most `limit` rows.
std::vector<Asset> listAssets(db::Transaction& transaction, std::string_view workspace, std::optional<Kind> kind,
                              std::string_view nameAfter, std::size_t limit);

}  // namespace regesta::registry
