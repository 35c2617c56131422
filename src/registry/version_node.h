#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

#include "registry/version.h"

namespace regesta::registry {

/// A version as lineage writes it: "model/loan@3".
struct VersionNode {
  AssetKey key;
  std::int64_t number = 0;
};
/// Nothing for a node that is not a version, such as "run/…".
std::optional<VersionNode> versionNode(std::string_view workspace, std::string_view node);
/// The live version of the node.
std::optional<Version> findVersionAt(db::Transaction& transaction, std::string_view workspace, std::string_view node);

}  // namespace regesta::registry
