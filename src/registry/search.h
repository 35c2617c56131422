#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/version.h"

namespace regesta::registry {

/// What a search over versions looks at before it reads a version whole: a few bytes a version, so that a workspace
/// with millions of them can be sorted in memory.
struct VersionGlimpse {
  std::int64_t id = 0, asset = 0, number = 0;
  std::int64_t createdAt = 0, updatedAt = 0;
  std::string name;
};

/// Conditions that SQL can answer with an index. Empty optionals ask for nothing.
struct VersionNarrowing {
  Kind kind = Kind::model;
  std::optional<std::string> name, runId;
};

/// Visits every live version of the workspace that the narrowing lets through, in no order. `source` and `runId` are
/// valid during the call only.
void visitVersions(
    db::Session& session, std::string_view workspace, const VersionNarrowing& narrowing,
    const std::function<void(VersionGlimpse&& version, std::string_view source, std::string_view runId)>& visit);

/// The version that a glimpse was of; nothing when it is gone.
std::optional<Version> findVersionById(db::Session& session, std::int64_t id);

/// The value of one tag of a version.
std::optional<std::string> versionTag(db::Session& session, std::int64_t version, std::string_view key);

}  // namespace regesta::registry
