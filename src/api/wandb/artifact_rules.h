#pragma once
#include <string>
#include <vector>

#include "api/wandb/artifact_record.h"

namespace regesta::api::wandb {

/// "latest" and "v3", which the server sets.
bool isAutomatic(const std::string& alias);
/// Through the gate: a protected alias moves only if its policies allow it; the refusal names what is missing.
void setAlias(const Call& call, const registry::AssetKey& key, const std::string& alias, std::int64_t number);
/// The names in an input's member "aliases".
std::vector<std::string> aliasesIn(const json::object& input);
/// Throws Invalid for one that no alias may have.
void checkAliases(const std::vector<std::string>& names);
inline constexpr std::string_view noMetadata = "{}";
/// Whether it can be a type of artifacts: 1 to typeLength bytes, without / and :.
bool isTypeName(std::string_view type);
inline constexpr std::size_t typeLength = 128;
/// An input's metadata as it is stored. Throws Invalid.
std::string metadataOf(const json::object& input);
std::string metadataOf(const registry::Version& version);
/// Applies an input's "ttlDurationSeconds", which counts from the creation of the version. INHERIT (-1) and DISABLED
/// (-2) leave it to retention rules. Throws Invalid.
void setTtl(registry::Change& change, const registry::Version& version, const json::object& input);
/// The members of an artifact for it: its own, or what retention rules say.
void describeTtl(json::object& artifact, db::Transaction& transaction, const registry::Version& version);
/// Of an entry with a `ref`, and back.
registry::VersionReference referenceOf(const std::string& path, const json::object& entry);
json::object entryOf(const registry::VersionReference& reference);
/// The versions that references to artifacts of this server lead to, each once: clients fetch files from there, so
/// these are parts of the version with the references. Throws as getArtifact() does, and if one cannot be followed.
std::vector<std::string> referencedVersions(const Call& call, db::Transaction& transaction,
                                            const std::vector<registry::VersionReference>& references);
/// The asset of a collection; created if it is missing.
registry::Asset makeAsset(registry::Change& change, const registry::AssetKey& key, const std::string& type);

}  // namespace regesta::api::wandb
