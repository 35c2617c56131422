#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/version.h"

namespace regesta::registry {

/// The part of a version that a search reads first: a few bytes per version, so that a workspace with millions of them
/// can be sorted in memory.
struct VersionGlimpse {
  std::int64_t id = 0, asset = 0, number = 0;
  std::int64_t createdAt = 0, updatedAt = 0;
  std::string name;
};

/// Conditions that SQL can answer with an index. Empty optionals match everything.
struct VersionNarrowing {
  Kind kind = Kind::model;
  std::optional<std::string> name, runId;
};

/// Visits every live version of the workspace that matches the narrowing, in no order. `source` and `runId` are valid
/// only during the call.
void visitVersions(
    db::Transaction& transaction, std::string_view workspace, const VersionNarrowing& narrowing,
    const std::function<void(VersionGlimpse&& version, std::string_view source, std::string_view runId)>& visit);

/// The version of a glimpse; empty if it was deleted.
std::optional<Version> findVersionById(db::Transaction& transaction, std::int64_t id);

/// The value of one tag of a version.
std::optional<std::string> versionTag(db::Transaction& transaction, std::int64_t version, std::string_view key);

}  // namespace regesta::registry
