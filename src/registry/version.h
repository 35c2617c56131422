#pragma once
#include <cstdint>
#include <optional>
#include <set>
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
  std::string semver;   ///< empty: none
  std::string digest;   ///< SHA-256 over its canonical content: files, or the prompt's or policy's text
  std::string content;  ///< JSON text for prompts and policies, empty for files
  std::string description;
  std::string stage = "None";
  std::string source;   ///< as the client gave it: runs:/…, models:/…, mlflow-artifacts:/…, s3://…
  std::string storage;  ///< URI of the files; equals source if there is nothing to resolve
  std::string runId, runLink, modelId;
  std::int64_t createdAt = 0, updatedAt = 0;
  std::string createdBy;        ///< the actor's name: the author, for gates
  std::int64_t archivedAt = 0;  ///< milliseconds; 0: not archived (archive.h)
  Tags tags;
  bool isArchived() const { return archivedAt != 0; }
  std::string subject() const;  ///< "model/loan-risk@7"
};

/// One file of a version, fixed when it was registered.
struct VersionFile {
  std::string path;
  std::string digest;
  std::int64_t size = 0;
};

/// Content of a version that is kept elsewhere. The version's digest covers every member.
struct VersionReference {
  std::string path;
  std::string uri;
  std::string digest;  ///< as the client gave it, for example an ETag; this server has not seen the content
  std::int64_t size = 0;
  std::string about = {};  ///< canonical JSON of what else a client needs to load it; empty: nothing
};

inline constexpr std::size_t mostReferences = 10'000;  // of one version: policies see all of them

struct NewVersion {
  std::string semver, content, description, source, storage, runId, runLink, modelId;
  Tags tags;
  Tags origin = {};  ///< git.… from the server's own Git remote; overrides a client's tag
  std::vector<VersionFile> files;
  std::vector<VersionReference> references = {};
  std::set<std::string> authors = {};  ///< besides the actor: who contributed content (author.h)
  std::string digest;     ///< empty: computed from content, else from files and references, else from source
  std::string folder;     ///< the files' folder in the artifact tree: sealed with the version; empty: none
  std::string runDigest;  ///< of the cited run's present content; empty: no known run
  /// Versions of this workspace ("artifact/app@3") that it consists of, as an image index does of images, or whose
  /// content it goes on from. Their authors are its own (author.h); what it consists of is checked with it (parts.h).
  std::vector<std::string> contains = {}, basedOn = {};
  bool evenIfSame = false;  ///< create a version even if a prompt's or policy's content equals the newest one's
};

/// "; did you mean 'production'?" for a mistyped alias; empty if no alias is near.
std::string nearAlias(db::Transaction& transaction, const Asset& asset, std::string_view name);
/// Throws Error{exists} if a version of the asset has this SemVer, or had it before it was deleted. `digest`: of the
/// content that is to get it.
void requireFreeSemver(db::Transaction& transaction, const Asset& asset, std::string_view semver,
                       std::string_view digest);
/// Number = 1 + the highest ever used. Throws Error{exists} when the SemVer is taken.
/// Prompts and policies: returns the newest version if its content is identical.
Version createVersion(Change& change, const Asset& asset, const NewVersion& made);
std::optional<Version> findSemver(db::Transaction& transaction, const Asset& asset, std::string_view semver);
std::optional<Version> findVersion(db::Transaction& transaction, const AssetKey& key, std::int64_t number);
Version getVersion(db::Transaction& transaction, const AssetKey& key, std::int64_t number);  ///< throws Error{notFound}
/// A version and the names of its aliases, sorted.
struct AliasedVersion {
  Version version;
  std::vector<std::string> aliases;
};
/// A version of a model or prompt, by name. Waits once (Database::readOnce).
std::optional<AliasedVersion> findRegisteredVersion(db::Transaction& transaction, std::string_view workspace,
                                                    std::string_view name, std::int64_t number);
/// `selector`: "7", "1.4.2", "^1.2", "latest", or an alias. Throws Error{notFound} that names the selector.
Version resolveVersion(db::Transaction& transaction, const AssetKey& key, std::string_view selector);
std::optional<Version> newestVersion(db::Transaction& transaction, const Asset& asset);
/// The SemVer of a version, including deleted ones; empty: no SemVer or no such version.
std::string semverOf(db::Transaction& transaction, const AssetKey& key, std::int64_t number);
/// All live versions, newest first.
std::vector<Version> listVersions(db::Transaction& transaction, const Asset& asset, std::size_t limit,
                                  std::int64_t before = 0);
/// The newest live version of each stage that has one, in the order of registry::stages.
std::vector<Version> latestPerStage(db::Transaction& transaction, const Asset& asset);
std::vector<VersionFile> versionFiles(db::Transaction& transaction, const Version& version);
/// By path.
std::vector<VersionReference> versionReferences(db::Transaction& transaction, const Version& version);

Version describeVersion(Change& change, const Version& version, std::string_view description);
void setVersionTag(Change& change, const Version& version, std::string_view key, std::string_view value);
void deleteVersionTag(Change& change, const Version& version, std::string_view key);  ///< silent when absent
/// Stores what the server's own Git remote verified about a Git tag of this version (git.tag, git.tag-signature, …).
void noteOrigin(Change& change, const Version& version, const Tags& tags);
/// Soft deletion: the number stays used, source and run are cleared. Throws Error{refused} while a legal hold covers it
/// (hold.h), a protected pointer points to it, an active rollout serves it, a prompt includes it (use.h), or (unless
/// the removal includes pointers) any pointer points to it. `rule`: the retention rule that caused it, or
/// "expiry", for the entry.
void deleteVersion(Change& change, const Version& version, const Removal& removal, std::string_view rule = {});

/// The digest of a file list: SHA-256 of lines "digest  path\n" in byte order of the paths (as sha256sum prints them).
std::string digestOfFiles(std::vector<VersionFile> files);
/// The same if there are no references; otherwise SHA-256 of "files DIGEST\n" and one line of JSON per reference, by
/// path.
std::string digestOfContent(std::vector<VersionFile> files, std::vector<VersionReference> references);

}  // namespace regesta::registry
