#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/asset.h"

namespace regesta::registry {

/// One immutable version. Only description, tags, and (through the gate) stage change afterwards.
struct Version {
  std::int64_t id = 0;
  Asset asset;
  std::int64_t number = 0;
  std::string semver;   ///< empty when none was given
  std::string digest;   ///< SHA-256 over its canonical content: files, or the prompt's or policy's text
  std::string content;  ///< JSON text for prompts and policies, empty for files
  std::string description;
  std::string stage = "None";
  std::string source;   ///< as the client gave it: runs:/…, models:/…, mlflow-artifacts:/…, s3://…
  std::string storage;  ///< where the files are: a resolved URI; equals source when there is nothing to resolve
  std::string runId, runLink, modelId;
  std::int64_t createdAt = 0, updatedAt = 0;
  std::string createdBy;  ///< the actor's name: the author, for gates
  Tags tags;
  std::string subject() const;  ///< "model/loan-risk@7"
};

/// One file of a version, fixed when it was registered.
struct VersionFile {
  std::string path;
  std::string digest;
  std::int64_t size = 0;
};

struct NewVersion {
  std::string semver, content, description, source, storage, runId, runLink, modelId;
  Tags tags;
  std::vector<VersionFile> files;
  std::string digest;       ///< empty: computed from content, else from files, else from source
  bool evenIfSame = false;  ///< a new version also when a prompt's or policy's content is that of the newest one
};

/// Number = 1 + the highest ever used. Throws Error{exists} when the SemVer is taken.
/// Prompts and policies: content identical to the newest version makes no new one, that version is returned.
Version createVersion(Change& change, const Asset& asset, const NewVersion& made);
std::optional<Version> findSemver(db::Session& session, const Asset& asset, std::string_view semver);
std::optional<Version> findVersion(db::Session& session, const AssetKey& key, std::int64_t number);
Version getVersion(db::Session& session, const AssetKey& key, std::int64_t number);  ///< throws Error{notFound}
/// `selector`: "7", "1.4.2", "^1.2", "latest", or an alias. Throws Error{notFound} that says what was looked for.
Version resolveVersion(db::Session& session, const AssetKey& key, std::string_view selector);
std::optional<Version> newestVersion(db::Session& session, const Asset& asset);
/// All live versions, newest first.
std::vector<Version> listVersions(db::Session& session, const Asset& asset, std::size_t limit, std::int64_t before = 0);
/// The newest live version of each stage that has one, in the order of registry::stages.
std::vector<Version> latestPerStage(db::Session& session, const Asset& asset);
std::vector<VersionFile> versionFiles(db::Session& session, const Version& version);

Version describeVersion(Change& change, const Version& version, std::string_view description);
void setVersionTag(Change& change, const Version& version, std::string_view key, std::string_view value);
void deleteVersionTag(Change& change, const Version& version, std::string_view key);  ///< silent when absent
/// Soft: the number stays used, source and run are redacted, aliases on it go. Throws Error{refused} while a protected
/// pointer stands on it, an active rollout serves it, or a prompt is made of it (use.h).
void deleteVersion(Change& change, const Version& version);

/// The digest of a file list: SHA-256 of lines "digest  path\n" in byte order of the paths (as sha256sum prints them).
std::string digestOfFiles(std::vector<VersionFile> files);

}  // namespace regesta::registry
