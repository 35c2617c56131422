#include "api/wandb/artifact_record.h"

#include "api/wandb/names.h"
#include "base/error.h"
#include "base/text.h"
#include "base/time.h"

namespace regesta::api::wandb {
namespace {

using registry::Kind;

constexpr std::string_view models = "wandb-registry-model", datasets = "wandb-registry-dataset";
constexpr std::string_view draftColumns =
    "id, workspace, asset_kind, asset_name, client_id, distributed, input, manifests, version, created_by";

Draft readDraft(const db::Rows& rows) {
  return {.id = rows.integer(0),
          .key = {rows.text(1), registry::parseKind(rows.text(2)).value_or(Kind::artifact), rows.text(3)},
          .clientId = rows.text(4),
          .distributed = rows.text(5),
          .input = parseJson(rows.text(6)).as_object(),
          .manifests = parseJson(rows.text(7)).as_array(),
          .version = rows.integer(8),
          .createdBy = rows.text(9)};
}

[[noreturn]] void noArtifact(std::string_view id) {
  throw error(Code::notFound, "there is no artifact '{}', or you may not read it", shorten(id, 100));
}

}  // namespace

bool isRegistry(std::string_view project) { return project.starts_with(registryPrefix); }

registry::AssetKey assetOf(std::string_view entity, std::string_view project, std::string_view collection) {
  std::string workspace(entity), name(collection);
  if (project == models || project == "model-registry") return {workspace, Kind::model, name};
  if (project == datasets) return {workspace, Kind::dataset, name};
  return {workspace, Kind::artifact, fmt::format("{}/{}", project.empty() ? defaultProject : project, collection)};
}

std::optional<Collection> collectionOf(const registry::AssetKey& key) {
  if (key.kind == Kind::model) return Collection{std::string(models), key.name};
  if (key.kind == Kind::dataset) return Collection{std::string(datasets), key.name};
  std::size_t slash = key.name.find('/');
  if (key.kind != Kind::artifact || slash == std::string::npos) return std::nullopt;
  return Collection{key.name.substr(0, slash), key.name.substr(slash + 1)};
}

std::optional<Facts> findFacts(db::Transaction& transaction, std::int64_t version) {
  db::Rows rows =
      transaction.query("SELECT type, digest, step, source FROM wandb_version WHERE version = $1", {version});
  if (!rows.next()) return std::nullopt;
  return Facts{.type = rows.text(0), .digest = rows.text(1), .step = rows.integer(2), .source = rows.integer(3)};
}

void putFacts(db::Transaction& transaction, std::int64_t version, const Facts& facts) {
  transaction.run("DELETE FROM wandb_version WHERE version = $1", {version});
  transaction.run("INSERT INTO wandb_version (version, type, digest, step, source) VALUES ($1, $2, $3, $4, $5)",
                  {version, facts.type, facts.digest, facts.step, facts.source});
}

std::int64_t createDraft(db::Transaction& transaction, const Draft& draft, std::string_view actor) {
  return transaction.insert(
      "INSERT INTO wandb_draft (workspace, asset_kind, asset_name, client_id, distributed, input, created_at, "
      "created_by) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id",
      {draft.key.workspace, registry::kindName(draft.key.kind), draft.key.name, draft.clientId, draft.distributed,
       writeJson(draft.input), nowMillis(), actor});
}

void saveDraft(db::Transaction& transaction, const Draft& draft) {
  transaction.run("UPDATE wandb_draft SET manifests = $2, version = $3 WHERE id = $1",
                  {draft.id, writeJson(draft.manifests), draft.version});
}

std::optional<Draft> findDraft(db::Transaction& transaction, std::int64_t id) {
  db::Rows rows = transaction.query(fmt::format("SELECT {} FROM wandb_draft WHERE id = $1", draftColumns), {id});
  return rows.next() ? std::optional(readDraft(rows)) : std::nullopt;
}

std::optional<Draft> findDistributed(db::Transaction& transaction, const registry::AssetKey& key,
                                     std::string_view distributed) {
  db::Rows rows = transaction.query(
      fmt::format("SELECT {} FROM wandb_draft WHERE workspace = $1 AND asset_kind = $2 AND asset_name = $3 AND "
                  "distributed = $4 AND version = 0 ORDER BY id LIMIT 1",
                  draftColumns),
      {key.workspace, registry::kindName(key.kind), key.name, distributed});
  return rows.next() ? std::optional(readDraft(rows)) : std::nullopt;
}

std::optional<registry::Version> versionOfRow(db::Transaction& transaction, std::int64_t row) {
  db::Rows rows = transaction.query("SELECT asset, number FROM version WHERE id = $1 AND deleted = 0", {row});
  if (!rows.next()) return std::nullopt;
  auto asset = registry::findAssetById(transaction, rows.integer(0));
  if (!asset) return std::nullopt;
  return registry::findVersion(transaction, asset->key, rows.integer(1));
}

Draft getDraft(const Call& call, db::Transaction& transaction, std::string_view id) {
  auto draft = findDraft(transaction, numberOf("ArtifactDraft", id));
  if (!draft || !call.identity->may(access::Verb::write, draft->key.workspace, draft->key.name) ||
      (draft->createdBy != call.actor().name && draft->distributed.empty()))
    noArtifact(id);
  return *std::move(draft);
}

namespace {

bool mayRead(const Call& call, const std::optional<registry::Version>& version) {
  return version && call.identity->may(access::Verb::read, version->asset.key.workspace, version->asset.key.name);
}

/// Clients choose their ids, so several may use one: the caller's own newest draft counts, otherwise the oldest of
/// others.
std::optional<registry::Version> versionNamed(const Call& call, db::Transaction& transaction,
                                              std::string_view clientId) {
  db::Rows rows = transaction.query(
      "SELECT version, created_by FROM wandb_draft WHERE workspace = $1 AND client_id = $2 "
      "ORDER BY CASE WHEN created_by = $3 THEN -id ELSE id END",
      {call.workspace, clientId, call.actor().name});
  std::vector<std::int64_t> others;
  while (rows.next()) {
    if (rows.view(1) == call.actor().name) return versionOfRow(transaction, rows.integer(0));
    others.push_back(rows.integer(0));
  }
  for (std::int64_t row : others)
    if (auto version = versionOfRow(transaction, row); mayRead(call, version)) return version;
  return std::nullopt;
}

std::optional<std::int64_t> rowIn(std::string_view kind, std::string_view id) try {
  return numberOf(kind, id);
} catch (const Error&) {
  return std::nullopt;
}

}  // namespace

registry::Version getArtifact(const Call& call, db::Transaction& transaction, std::string_view id, access::Verb verb) {
  std::optional<registry::Version> version;
  if (auto row = rowIn("Artifact", id)) {
    version = versionOfRow(transaction, *row);
  } else if (auto made = rowIn("ArtifactDraft", id)) {
    std::optional<Draft> draft = findDraft(transaction, *made);
    if (draft && draft->version != 0) version = versionOfRow(transaction, draft->version);
  } else {
    version = versionNamed(call, transaction, id);
  }
  if (!mayRead(call, version)) noArtifact(id);
  if (verb != access::Verb::read) call.identity->require(verb, version->asset.key.workspace, version->asset.key.name);
  return *std::move(version);
}

std::optional<registry::Version> findLink(db::Transaction& transaction, const registry::Asset& asset,
                                          const registry::Version& artifact) {
  if (artifact.asset.id == asset.id) return artifact;
  db::Rows rows = transaction.query(
      "SELECT v.number FROM version v JOIN wandb_version w ON w.version = v.id "
      "WHERE v.asset = $1 AND v.deleted = 0 AND w.source = $2 ORDER BY v.number DESC",
      {asset.id, artifact.id});
  return rows.next() ? registry::findVersion(transaction, asset.key, rows.integer(0)) : std::nullopt;
}

std::string idOf(const registry::Version& version) { return idOf("Artifact", version.id); }
std::string idOf(const Draft& draft) { return idOf("ArtifactDraft", draft.id); }

}  // namespace regesta::api::wandb
