#pragma once
#include <string_view>
#include <vector>

#include "registry/change.h"
#include "registry/version.h"

namespace regesta::registry {

/// Relations of lineage edges from a version to one that is made of it.
inline constexpr std::string_view copiedRelation = "copied", containsRelation = "contains",
                                  basedOnRelation = "based-on";

/// Whether a reference leads to a version of this server by its URI, which W&B's clients follow
/// (wandb-artifact://ID/PATH, wandb-client-artifact://ID/PATH): that version is a part. Others lead out of the server.
bool leadsToPart(const VersionReference& reference);

/// Adds the edges from the versions that a new one contains and is based on.
void recordParts(Change& change, const Version& version, const NewVersion& made);

/// The live versions that this one consists of, at any depth: the images of an OCI index, the prompts that
/// a prompt includes.
std::vector<Version> partsOf(db::Transaction& transaction, const Version& version);
/// Those, and the versions that it is a copy of.
std::vector<Version> sourcesOf(db::Transaction& transaction, const Version& version);

}  // namespace regesta::registry
