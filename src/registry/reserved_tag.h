#pragma once
#include <string_view>

#include "registry/version.h"

namespace regesta::registry {

/// Keys under which a front shows a version's content: MLflow's mlflow.prompt.…, _mlflow_prompt_…, in any case. Fronts
/// derive them from the content; a stored tag with such a key could contradict it without passing a gate.
bool isContentTag(std::string_view key);
/// Keys for the origin of a version (regesta.parent, oci.manifest.…; of a prompt version, git.…), fixed at
/// registration.
bool isOriginTag(const AssetKey& key, std::string_view tag);

/// Tags that a client gives to a new asset or version. Throws Invalid{field "tags"} for content tags and origin tags:
/// only the server's own Git remote and OCI repositories write those (NewVersion::origin).
void checkNewTags(const AssetKey& key, const Tags& tags);
/// Origin tags from the Git data that `regesta prompt push` sends: commit, author, time, tag, dirty, and signature
/// ("good, says Git", bad or unknown). They are marked as claimed (git.claimed). Throws Invalid{field "git"}.
Tags claimedOrigin(const Tags& told);
/// Checks a tag that is set or deleted after registration. Throws Invalid{field "key"} for content and origin tags.
void checkAssetTagKey(const AssetKey& key, std::string_view tag);
void checkVersionTagKey(const AssetKey& key, std::string_view tag);

/// MLflow's set_prompt_model_config and delete_prompt_model_config: a tag that MLflow's clients read in place of the
/// content's model config; an empty value hides it. Allowed, and read, only while no policy is bound to a pointer of
/// the asset, and only before an alias, a stage or a rollout serves the version; otherwise Error{refused}.
inline constexpr std::string_view modelConfigTag = "_mlflow_prompt_model_config";
void setModelConfigTag(Change& change, const Version& version, std::string_view value);

/// Metadata that W&B's clients gave the version, a JSON object. Only they change it, until something cites the version:
/// check governance::requireUncited first.
inline constexpr std::string_view metadataTag = "wandb.metadata";
void setMetadataTag(Change& change, const Version& version, std::string_view value);

}  // namespace regesta::registry
