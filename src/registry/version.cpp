#include "registry/version.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/redact.h"
#include "base/semver.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "registry/parts.h"
#include "registry/reserved_tag.h"
#include "registry/rows.h"
#include "registry/storage_quota.h"
#include "registry/tree.h"

namespace regesta::registry {
namespace {

constexpr std::size_t uriLength = 4096;

void checkText(std::string_view field, std::string_view text, std::size_t limit) {
  if (text.size() > limit) throw Invalid(std::string(field), fmt::format("must be at most {} bytes", limit));
  if (!isUtf8(text) || text.find('\0') != text.npos) throw Invalid(std::string(field), "must be UTF-8 text");
}

void check(const AssetKey& key, const NewVersion& made) {
  rows::checkDescription(made.description);
  checkText("source", made.source, uriLength);
  checkText("storage", made.storage, uriLength);
  checkText("run_link", made.runLink, uriLength);
  checkText("run_id", made.runId, 256);
  checkText("model_id", made.modelId, 256);
  checkText("content", made.content, limits::wholeBody);
  if (!made.semver.empty() && !SemVer::parse(made.semver))
    throw Invalid("semver", "must be a Semantic Version such as 1.4.2");
  for (const auto& [tag, value] : made.tags) rows::checkTag(tag, value);
  checkNewTags(key, made.tags);
  for (const VersionFile& file : made.files)
    if (safePath(file.path) != file.path) throw Invalid("files", "paths must be relative, without '.' or '..'");
  if (made.references.size() > mostReferences)
    throw Invalid("references", fmt::format("must be at most {}", mostReferences));
  for (const VersionReference& reference : made.references) {
    if (safePath(reference.path) != reference.path)
      throw Invalid("references", "paths must be relative, without '.' or '..'");
    if (reference.uri.empty()) throw Invalid("references", "must have a URI each");
    for (const std::string& text : {reference.path, reference.uri, reference.digest, reference.about})
      checkText("references", text, uriLength);
  }
}

std::string digestOf(const NewVersion& made) {
  if (!made.references.empty()) return digestOfContent(made.files, made.references);
  if (!made.digest.empty()) return made.digest;
  if (!made.content.empty()) return crypto::sha256Hex(made.content);
  if (!made.files.empty()) return digestOfFiles(made.files);
  return crypto::sha256Hex(made.source);
}

void checkSemverIsFree(db::Transaction& transaction, const Asset& asset, std::string_view semver) {
  db::Rows taken =
      transaction.query("SELECT number, deleted FROM version WHERE asset = $1 AND semver = $2", {asset.id, semver});
  if (!taken.next()) return;
  if (taken.integer(1) == 0)
    throw error(Code::exists, "{} '{}' already has a version {}", kindName(asset.key.kind), asset.key.name, semver);
  throw error(Code::exists,
              "{} '{}' had a version {} (#{}), which was deleted. Numbers and SemVers are never used twice: choose "
              "another one",
              kindName(asset.key.kind), asset.key.name, semver, taken.integer(0));
}

bool isText(Kind kind) { return kind == Kind::prompt || kind == Kind::policy; }

Version describe(const Change& change, const Asset& asset, const NewVersion& made) {
  Version version;
  version.asset = asset;
  version.asset.updatedAt = change.now;
  version.semver = made.semver;
  version.digest = digestOf(made);
  version.content = made.content;
  version.description = made.description;
  version.source = made.source;
  version.storage = made.storage.empty() ? made.source : made.storage;
  version.runId = made.runId;
  version.runLink = made.runLink;
  version.modelId = made.modelId;
  version.createdAt = version.updatedAt = change.now;
  version.createdBy = change.actor.name;
  version.tags = made.tags;
  for (const auto& [tag, value] : made.origin) version.tags.insert_or_assign(tag, value);
  return version;
}

std::set<std::string> furtherAuthors(const Version& version, const NewVersion& made) {
  std::set<std::string> authors = made.authors;
  authors.erase(version.createdBy);
  return authors;
}

/// Gives the version its number and id.
void insert(db::Transaction& transaction, Version& version, const NewVersion& made) {
  std::optional<std::string> semver;
  if (!version.semver.empty()) semver = version.semver;
  db::Rows counted = transaction.send(
      "UPDATE asset SET last_number = last_number + 1, updated_at = $2 WHERE id = $1 RETURNING last_number",
      {version.asset.id, version.createdAt});
  db::Rows inserted = transaction.send(
      "INSERT INTO version (asset, number, semver, digest, content, description, stage, source, storage, run_id, "
      "run_link, model_id, created_at, updated_at, created_by, deleted) "
      "SELECT id, last_number, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12, $13, 0 FROM asset WHERE id = $1 "
      "RETURNING id",
      {version.asset.id, semver, version.digest, version.content, version.description, version.stage, version.source,
       version.storage, version.runId, version.runLink, version.modelId, version.createdAt, version.createdBy});
  if (!counted.next() || !inserted.next())
    throw error(Code::notFound, "There is no {} named '{}'", kindName(version.asset.key.kind), version.asset.key.name);
  version.number = counted.integer(0);
  version.id = inserted.integer(0);
  for (const auto& [key, value] : version.tags)
    transaction.send("INSERT INTO version_tag (version, key, value) VALUES ($1, $2, $3)", {version.id, key, value});
  if (!made.runDigest.empty())
    transaction.send("INSERT INTO version_cited_run (version, digest) VALUES ($1, $2)", {version.id, made.runDigest});
  if (made.folder.empty())
    takeStorage(transaction, version.asset.key.workspace, made.files);  // else the tree counts them
  for (const VersionFile& file : made.files)
    transaction.send("INSERT INTO version_file (version, path, digest, size) VALUES ($1, $2, $3, $4)",
                     {version.id, file.path, file.digest, file.size});
  for (const VersionReference& reference : made.references)
    transaction.send(
        "INSERT INTO version_reference (version, path, uri, digest, size, about) VALUES ($1, $2, $3, $4, $5, $6)",
        {version.id, reference.path, reference.uri, reference.digest, reference.size, reference.about});
  for (const std::string& author : furtherAuthors(version, made))
    transaction.send("INSERT INTO version_author (version, actor) VALUES ($1, $2)", {version.id, author});
}

}  // namespace

std::string Version::subject() const { return fmt::format("{}@{}", asset.key.subject(), number); }

Version createVersion(Change& change, const Asset& asset, const NewVersion& made) {
  check(asset.key, made);
  if (isText(asset.key.kind) && !made.evenIfSame) {
    std::optional<Version> newest = newestVersion(change.transaction, asset);
    if (newest && !newest->isArchived() && newest->content == made.content) return *std::move(newest);
  }
  if (!made.semver.empty()) checkSemverIsFree(change.transaction, asset, made.semver);

  Version version = describe(change, asset, made);
  insert(change.transaction, version, made);

  json::object data{{"digest", version.digest}, {"number", version.number}, {"tags", rows::digestsOf(version.tags)}};
  change.conceal(data, "source", version.source, redactUrl(version.source));
  if (!version.semver.empty()) data["semver"] = version.semver;
  if (!version.runId.empty()) data["run"] = version.runId;
  if (!made.runDigest.empty()) data["run_digest"] = made.runDigest;
  if (!version.modelId.empty()) data["logged_model"] = version.modelId;
  if (!version.description.empty()) data["description"] = crypto::sha256Hex(version.description);
  if (!made.files.empty()) data["files"] = made.files.size();
  if (!made.references.empty()) data["references"] = made.references.size();
  if (auto authors = furtherAuthors(version, made); !authors.empty())
    data["authors"] = json::array(authors.begin(), authors.end());
  if (!made.folder.empty()) {
    sealFolder(change.transaction, asset.key.workspace, made.folder, version.subject());
    data["folder"] = made.folder;
  }
  recordParts(change, version, made);
  change.record(Action::versionCreated, asset.key.workspace, version.subject(), std::move(data));
  return version;
}

std::string digestOfFiles(std::vector<VersionFile> files) {
  std::sort(files.begin(), files.end(), [](const VersionFile& a, const VersionFile& b) { return a.path < b.path; });
  crypto::Sha256 hash;
  for (const VersionFile& file : files) hash.update(fmt::format("{}  {}\n", file.digest, file.path));
  return crypto::hex(hash.finish());
}

std::string digestOfContent(std::vector<VersionFile> files, std::vector<VersionReference> references) {
  std::string digest = digestOfFiles(std::move(files));
  if (references.empty()) return digest;
  std::ranges::sort(references, {}, &VersionReference::path);
  crypto::Sha256 hash;
  hash.update(fmt::format("files {}\n", digest));
  for (const VersionReference& one : references)
    hash.update(canonicalJson(json::array{one.path, one.uri, one.digest, one.size, one.about}) + "\n");
  return crypto::hex(hash.finish());
}

}  // namespace regesta::registry
