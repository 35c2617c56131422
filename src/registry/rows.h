#pragma once
#include <string_view>

#include "registry/version.h"

// Inside the registry room only: how rows become values, shared by the files that query them.
namespace regesta::registry::rows {

inline constexpr std::string_view assetColumns =
    "a.id, a.workspace, a.kind, a.name, a.description, a.created_at, a.updated_at, a.created_by";
inline constexpr std::string_view versionColumns =
    "v.id, v.number, v.semver, v.digest, v.content, v.description, v.stage, v.source, v.storage, v.run_id, v.run_link, "
    "v.model_id, v.created_at, v.updated_at, v.created_by";

/// Reads `assetColumns` from column `first` on, without tags.
Asset asset(db::Rows& rows, int first);
/// Reads `versionColumns` from column 0 on, without tags and asset.
Version version(db::Rows& rows);

Tags assetTags(db::Session& session, std::int64_t asset);
Tags versionTags(db::Session& session, std::int64_t version);

/// Marks the asset as changed now.
void touch(Change& change, std::int64_t asset);

/// Throws Invalid for a tag key or value beyond the limits, or a description too long.
void checkTag(std::string_view key, std::string_view value);
void checkDescription(std::string_view description);

/// What a ledger entry says of a tag or a text: its digest, never the text itself.
json::object tagData(std::string_view key, std::string_view value);
json::object digestsOf(const Tags& tags);

}  // namespace regesta::registry::rows
