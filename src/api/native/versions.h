#pragma once
#include "api/native/common.h"

namespace regesta::api::native {

struct ReferenceAnswer {
  std::string path, uri, digest;
  std::int64_t size = 0;
  static constexpr Field fields[] = {
      field<&ReferenceAnswer::path>("path"), field<&ReferenceAnswer::uri>("uri"),
      field<&ReferenceAnswer::digest>("digest", about("as the client gave it; the server has not seen the content")),
      field<&ReferenceAnswer::size>("size")};
};
struct VersionAnswer {
  std::string kind, name;
  std::int64_t version = 0;
  std::optional<std::string> semver;
  std::string digest;
  RawJson content;
  std::string description, stage, source;
  std::optional<std::string> runId, modelId, createdAt, updatedAt, archivedAt, expiresAt;
  std::string createdBy;
  TextMap tags;
  std::vector<std::string> aliases;
  std::string contentState;
  std::optional<std::string> runDigest;
  std::optional<bool> runChanged, modelChanged;
  std::optional<std::string> quarantine;
  std::vector<ReferenceAnswer> references;
  static constexpr Field fields[] = {
      field<&VersionAnswer::kind>("kind"),
      field<&VersionAnswer::name>("name"),
      field<&VersionAnswer::version>("version"),
      field<&VersionAnswer::semver>("semver"),
      field<&VersionAnswer::digest>("digest"),
      field<&VersionAnswer::content>("content"),
      field<&VersionAnswer::description>("description"),
      field<&VersionAnswer::stage>("stage"),
      field<&VersionAnswer::source>("source"),
      field<&VersionAnswer::runId>("run_id"),
      field<&VersionAnswer::modelId>("model_id"),
      field<&VersionAnswer::createdAt>("created_at"),
      field<&VersionAnswer::updatedAt>("updated_at"),
      field<&VersionAnswer::archivedAt>("archived_at", about("absent: not archived")),
      field<&VersionAnswer::expiresAt>("expires_at", about("when the server deletes it; absent: never")),
      field<&VersionAnswer::createdBy>("created_by"),
      field<&VersionAnswer::tags>("tags"),
      field<&VersionAnswer::aliases>("aliases"),
      field<&VersionAnswer::contentState>("content_state", about("stored, elsewhere (a reference) or missing")),
      field<&VersionAnswer::runDigest>("run_digest", about("of the run's content when the version was registered")),
      field<&VersionAnswer::runChanged>("run_changed", about("since the version was registered")),
      field<&VersionAnswer::modelChanged>("model_changed", about("the logged model, since the version was registered")),
      field<&VersionAnswer::quarantine>("quarantine", about("the critical finding of its scan, until it is released")),
      field<&VersionAnswer::references>(
          "references", about("content that is kept elsewhere; the digest covers it. Empty in lists of versions"))};
};
VersionAnswer versionAnswer(db::Transaction& transaction, const registry::Version& version);

struct VersionQuery {
  std::string kind, name, pageToken;
  std::int64_t pageSize = 0;
  static constexpr Field fields[] = {
      field<&VersionQuery::kind>("kind", required), field<&VersionQuery::name>("name", required),
      field<&VersionQuery::pageToken>("page_token"), field<&VersionQuery::pageSize>("page_size", pageRule)};
};
struct NewFile {
  std::string path, digest;
  static constexpr Field fields[] = {field<&NewFile::path>("path", required),
                                     field<&NewFile::digest>("digest", required)};
};
struct NewVersion {
  std::string kind, name, semver;
  RawJson content;
  std::string description, source, runId;
  TextMap tags;
  std::vector<NewFile> files;
  static constexpr Field fields[] = {
      field<&NewVersion::kind>("kind", required),
      field<&NewVersion::name>("name", required),
      field<&NewVersion::semver>("semver"),
      field<&NewVersion::content>("content", about("prompts and policies: their text, or JSON")),
      field<&NewVersion::description>("description"),
      field<&NewVersion::source>("source"),
      field<&NewVersion::runId>("run_id"),
      field<&NewVersion::tags>("tags"),
      field<&NewVersion::files>("files",
                                atMost(10'000) | about("files whose bytes are uploaded already (PUT /api/v1/blobs)"))};
};
struct VersionPath {
  std::string kind, name, selector;
  static constexpr Field fields[] = {field<&VersionPath::kind>("kind", required),
                                     field<&VersionPath::name>("name", required),
                                     field<&VersionPath::selector>("selector", required)};
};
/// `force`: remove its unprotected aliases too; otherwise they prevent the deletion.
struct VersionRemoval {
  std::string kind, name, selector;
  bool force = false;
  static constexpr Field fields[] = {
      field<&VersionRemoval::kind>("kind", required), field<&VersionRemoval::name>("name", required),
      field<&VersionRemoval::selector>("selector", required), field<&VersionRemoval::force>("force")};
};
struct VersionChange {
  std::string kind, name, selector, description;
  static constexpr Field fields[] = {field<&VersionChange::kind>("kind", required),
                                     field<&VersionChange::name>("name", required),
                                     field<&VersionChange::selector>("selector", required),
                                     field<&VersionChange::description>("description", present)};
};
/// Exactly one of `at` and `after`.
struct VersionExpiry {
  std::string kind, name, selector, at, after;
  static constexpr Field fields[] = {
      field<&VersionExpiry::kind>("kind", required), field<&VersionExpiry::name>("name", required),
      field<&VersionExpiry::selector>("selector", required), field<&VersionExpiry::at>("at", about("RFC 3339")),
      field<&VersionExpiry::after>("after", about("age since registration, instead of 'at': 90d, 12h or 30m"))};
};
struct VersionTag {
  std::string kind, name, selector, key, value;
  static constexpr Field fields[] = {field<&VersionTag::kind>("kind", required),
                                     field<&VersionTag::name>("name", required),
                                     field<&VersionTag::selector>("selector", required),
                                     field<&VersionTag::key>("key", required), field<&VersionTag::value>("value")};
};
struct FileAnswer {
  std::string path, digest;
  std::int64_t size = 0;
  static constexpr Field fields[] = {field<&FileAnswer::path>("path"), field<&FileAnswer::digest>("digest"),
                                     field<&FileAnswer::size>("size")};
};
struct FileQuery {
  std::string kind, name, selector, pageToken;
  std::int64_t pageSize = 0;
  static constexpr Field fields[] = {
      field<&FileQuery::kind>("kind", required), field<&FileQuery::name>("name", required),
      field<&FileQuery::selector>("selector", required), field<&FileQuery::pageToken>("page_token"),
      field<&FileQuery::pageSize>("page_size", pageRule)};
};

Page<VersionAnswer> listVersions(Call& call, const VersionQuery& query);
VersionAnswer createVersion(Call& call, const NewVersion& request);
VersionAnswer getVersion(Call& call, const VersionPath& path);
VersionAnswer describeVersion(Call& call, const VersionChange& request);
/// Policies cannot be archived, and nothing that a pointer serves.
VersionAnswer archiveVersion(Call& call, const VersionPath& path);
VersionAnswer restoreVersion(Call& call, const VersionPath& path);
/// The server deletes the version then, unless something protects it.
VersionAnswer setVersionExpiry(Call& call, const VersionExpiry& request);
VersionAnswer removeVersionExpiry(Call& call, const VersionPath& path);
Empty deleteVersion(Call& call, const VersionRemoval& path);
Empty setVersionTag(Call& call, const VersionTag& request);
Empty deleteVersionTag(Call& call, const VersionTag& request);
Page<FileAnswer> listFiles(Call& call, const FileQuery& query);

/// Creates the asset (if missing) and the version in one change.
VersionAnswer storeVersion(Call& call, const registry::AssetKey& key, const registry::NewVersion& made, bool makeAsset);
/// A policy's content to store, checked by the engine. Throws Error{invalid} with the report as detail.
std::string checkPolicyContent(Core& core, const json::value& content);

}  // namespace regesta::api::native
