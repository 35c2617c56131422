#include "registry/version.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/semver.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "registry/rows.h"

namespace regesta::registry {
namespace {

constexpr std::size_t uriLength = 4096;

void checkText(std::string_view field, std::string_view text, std::size_t limit) {
  if (text.size() > limit) throw Invalid(std::string(field), fmt::format("must be at most {} bytes", limit));
  if (!isUtf8(text) || text.find('\0') != text.npos) throw Invalid(std::string(field), "must be UTF-8 text");
}

void check(const NewVersion& made) {
  rows::checkDescription(made.description);
  checkText("source", made.source, uriLength);
  checkText("storage", made.storage, uriLength);
  checkText("run_link", made.runLink, uriLength);
  checkText("run_id", made.runId, 256);
  checkText("model_id", made.modelId, 256);
  checkText("content", made.content, limits::wholeBody);
  if (!made.semver.empty() && !SemVer::parse(made.semver))
    throw Invalid("semver", "must be a Semantic Version such as 1.4.2");
  for (const auto& [key, value] : made.tags) rows::checkTag(key, value);
}

std::string digestOf(const NewVersion& made) {
  if (!made.digest.empty()) return made.digest;
  if (!made.content.empty()) return crypto::sha256Hex(made.content);
  if (!made.files.empty()) return digestOfFiles(made.files);
  return crypto::sha256Hex(made.source);
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
  return version;
}

void insert(db::Session& session, Version& version, const NewVersion& made) {
  std::optional<std::string> semver;
  if (!version.semver.empty()) semver = version.semver;
  version.id = session.insert(
      "INSERT INTO version (asset, number, semver, digest, content, description, stage, source, storage, run_id, "
      "run_link, "
      "model_id, created_at, updated_at, created_by, deleted) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13, $14, 0) RETURNING id",
      {version.asset.id, version.number, semver, version.digest, version.content, version.description, version.stage,
       version.source, version.storage, version.runId, version.runLink, version.modelId, version.createdAt,
       version.createdBy});
  for (const auto& [key, value] : version.tags)
    session.run("INSERT INTO version_tag (version, key, value) VALUES ($1, $2, $3)", {version.id, key, value});
  for (const VersionFile& file : made.files)
    session.run("INSERT INTO version_file (version, path, digest, size) VALUES ($1, $2, $3, $4)",
                {version.id, file.path, file.digest, file.size});
}

}  // namespace

std::string Version::subject() const { return fmt::format("{}@{}", asset.key.subject(), number); }

Version createVersion(Change& change, const Asset& asset, const NewVersion& made) {
  check(made);
  if (isText(asset.key.kind) && !made.evenIfSame) {
    std::optional<Version> newest = newestVersion(change.session, asset);
    if (newest && newest->content == made.content) return *std::move(newest);
  }
  if (!made.semver.empty() &&
      change.session.query("SELECT 1 FROM version WHERE asset = $1 AND semver = $2", {asset.id, made.semver}).next())
    throw error(Code::exists, "{} '{}' has a version {} already", kindName(asset.key.kind), asset.key.name,
                made.semver);

  Version version = describe(change, asset, made);
  {
    db::Rows row = change.session.query(
        "UPDATE asset SET last_number = last_number + 1, updated_at = $2 WHERE id = $1 RETURNING last_number",
        {asset.id, change.now});
    if (!row.next()) throw error(Code::notFound, "There is no {} named '{}'", kindName(asset.key.kind), asset.key.name);
    version.number = row.integer(0);
  }
  insert(change.session, version, made);

  json::object data{{"digest", version.digest},
                    {"number", version.number},
                    {"source", version.source},
                    {"tags", rows::digestsOf(version.tags)}};
  if (!version.semver.empty()) data["semver"] = version.semver;
  if (!version.runId.empty()) data["run"] = version.runId;
  if (!version.modelId.empty()) data["logged_model"] = version.modelId;
  if (!version.description.empty()) data["description"] = crypto::sha256Hex(version.description);
  if (!made.files.empty()) data["files"] = made.files.size();
  change.record("version.created", asset.key.workspace, version.subject(), std::move(data));
  return version;
}

std::string digestOfFiles(std::vector<VersionFile> files) {
  std::sort(files.begin(), files.end(), [](const VersionFile& a, const VersionFile& b) { return a.path < b.path; });
  crypto::Sha256 hash;
  for (const VersionFile& file : files) hash.update(fmt::format("{}  {}\n", file.digest, file.path));
  return crypto::hex(hash.finish());
}

}  // namespace regesta::registry
