#pragma once
#include <string_view>

#include "registry/version.h"

// Internal to the registry room: conversion of rows to values.
namespace regesta::registry::rows {

inline constexpr std::string_view assetColumns =
    "a.id, a.workspace, a.kind, a.name, a.description, a.created_at, a.updated_at, a.created_by";
inline constexpr std::string_view versionColumns =
    "v.id, v.number, v.semver, v.digest, v.content, v.description, v.stage, v.source, v.storage, v.run_id, v.run_link, "
    "v.model_id, v.created_at, v.updated_at, v.created_by, v.archived_at";
inline constexpr int versionColumnCount = 16;

/// The id of the model or prompt with the name $2 in the workspace $1: they share one namespace. Not a list in IN:
/// SQLite builds a table for it each time.
inline constexpr std::string_view registeredAsset =
    "coalesce((SELECT id FROM asset WHERE workspace = $1 AND kind = 'model' AND name = $2), "
    "(SELECT id FROM asset WHERE workspace = $1 AND kind = 'prompt' AND name = $2))";

/// Reads `assetColumns` from column `first` on, without tags.
Asset asset(db::Rows& rows, int first);
/// Reads `versionColumns` from column 0 on, without tags and asset.
Version version(db::Rows& rows);

Tags assetTags(db::Transaction& transaction, std::int64_t asset);
Tags versionTags(db::Transaction& transaction, std::int64_t version);

/// Sets the asset's time of change to now.
void touch(Change& change, std::int64_t asset);

/// Throws Invalid for a tag key or value beyond the limits, or a description too long.
void checkTag(std::string_view key, std::string_view value);
void checkDescription(std::string_view description);

/// Stores and records a tag of a version. The caller has checked the key.
void putVersionTag(Change& change, const Version& version, std::string_view key, std::string_view value);

/// A ledger entry's data for a tag or text: its digest, never the text.
json::object tagData(std::string_view key, std::string_view value);
json::object digestsOf(const Tags& tags);

}  // namespace regesta::registry::rows
