#include "access/user_rows.h"
#include "base/error.h"
#include "base/redact.h"
#include "crypto/hash.h"
#include "db/columns.h"
#include "governance/replay.h"
#include "registry/version.h"
#include "tracking/seal.h"

namespace regesta::governance {

namespace {

std::string digest(std::string_view text) { return crypto::sha256Hex(text); }
std::string path(std::string_view kind, std::string_view name) { return fmt::format("{}/{}", kind, name); }
std::string empty(std::string_view text, bool deleted) { return deleted ? "" : std::string(text); }

/// Stored JSON; text that is not JSON stays text, which differs from every entry.
json::value stored(std::string_view text) {
  boost::system::error_code failed;
  json::value value = json::parse(text, failed);
  return failed ? json::value(text) : value;
}

void readRegistry(db::Transaction& transaction, State& state) {
  auto assets = transaction.query("SELECT workspace, kind, name, created_by FROM asset");
  while (assets.next())
    state[Table::asset][rowKey(assets.view(0), path(assets.view(1), assets.view(2)), "")] = {
        {{"created_by", assets.text(3)}}, -1};

  auto assetTags = transaction.query(
      "SELECT a.workspace, a.kind, a.name, t.key, t.value FROM asset_tag t JOIN asset a ON a.id = t.asset");
  while (assetTags.next())
    state[Table::tag][rowKey(assetTags.view(0), path(assetTags.view(1), assetTags.view(2)),
                             fmt::format(" {}", assetTags.view(3)))] = {{{"value", digest(assetTags.view(4))}}, -1};

  auto versionTags = transaction.query(
      "SELECT a.workspace, a.kind, a.name, v.number, t.key, t.value FROM version_tag t "
      "JOIN version v ON v.id = t.version JOIN asset a ON a.id = v.asset");
  while (versionTags.next())
    state[Table::tag][rowKey(versionTags.view(0), path(versionTags.view(1), versionTags.view(2)),
                             fmt::format("@{} {}", versionTags.integer(3), versionTags.view(4)))] = {
        {{"value", digest(versionTags.view(5))}}, -1};

  auto aliases = transaction.query(
      "SELECT a.workspace, a.kind, a.name, l.name, l.number, l.moved_by FROM alias l JOIN asset a ON a.id = l.asset");
  while (aliases.next())
    state[Table::alias]
         [rowKey(aliases.view(0), path(aliases.view(1), aliases.view(2)), fmt::format("#{}", aliases.view(3)))] = {
             {{"version", aliases.integer(4)}, {"moved_by", aliases.text(5)}}, -1};
}

void readRollouts(db::Transaction& transaction, State& state) {
  constexpr std::string_view columns =
      "SELECT a.workspace, a.kind, a.name, r.alias, r.id, r.stable, r.plan, r.salt, r.decision, r.started_by, "
      "r.evidence, r.ended_by, r.status, r.step, r.forced FROM rollout r JOIN asset a ON a.id = r.asset";
  constexpr db::Columns at(columns);
  auto rows = transaction.query(columns);
  while (rows.next())
    state[Table::rollout][rowKey(rows.view(at["workspace"]), path(rows.view(at["kind"]), rows.view(at["name"])),
                                 fmt::format("#{} rollout {}", rows.view(at["alias"]), rows.integer(at["id"])))] = {
        {{"stable", rows.integer(at["stable"])},
         {"plan", digest(rows.view(at["plan"]))},
         {"salt", rows.text(at["salt"])},
         {"decision", rows.text(at["decision"])},
         {"started_by", rows.text(at["started_by"])},
         {"evidence", rows.view(at["evidence"]).empty() ? "" : digest(rows.view(at["evidence"]))},
         {"ended_by", rows.text(at["ended_by"])},
         {"status", rows.text(at["status"])},
         {"step", rows.integer(at["step"])},
         {"forced", rows.integer(at["forced"])}},
        -1};
}

/// The actual digest of the content; the stored one is only a claim.
std::string contentDigest(std::string_view claimed, std::string_view content,
                          std::vector<registry::VersionFile>&& files,
                          std::vector<registry::VersionReference>&& references) {
  if (!content.empty()) return digest(content);
  if (!files.empty() || !references.empty()) return registry::digestOfContent(std::move(files), std::move(references));
  return std::string(claimed);
}

void readVersions(db::Transaction& transaction, State& state) {
  std::map<std::int64_t, std::vector<registry::VersionFile>> files;
  {
    auto rows = transaction.query("SELECT version, path, digest, size FROM version_file");
    while (rows.next()) files[rows.integer(0)].push_back({rows.text(1), rows.text(2), rows.integer(3)});
  }
  std::map<std::int64_t, std::vector<registry::VersionReference>> references;
  {
    auto rows = transaction.query("SELECT version, path, uri, digest, size, about FROM version_reference");
    while (rows.next())
      references[rows.integer(0)].push_back({rows.text(1), rows.text(2), rows.text(3), rows.integer(4), rows.text(5)});
  }
  constexpr std::string_view columns =
      "SELECT a.workspace, a.kind, a.name, v.number, v.digest, v.created_by, v.semver, v.source, v.run_id, "
      "v.deleted, v.stage, v.id, v.content, r.digest AS run_digest, v.archived_at FROM version v JOIN asset a ON a.id "
      "= v.asset "
      "LEFT JOIN version_cited_run r ON r.version = v.id";
  constexpr db::Columns at(columns);
  auto rows = transaction.query(columns);
  while (rows.next()) {
    std::string name = rowKey(rows.view(at["workspace"]), path(rows.view(at["kind"]), rows.view(at["name"])),
                              fmt::format("@{}", rows.integer(at["number"])));
    bool deleted = rows.integer(at["deleted"]) != 0;
    std::string shown = rows.text(at["digest"]);
    if (std::string real = contentDigest(shown, rows.view(at["content"]), std::move(files[rows.integer(at["id"])]),
                                         std::move(references[rows.integer(at["id"])]));
        !deleted && real != shown)
      shown = fmt::format("{} for content that has {}", shown, real);
    state[Table::version][name] = {{{"digest", shown},
                                    {"author", rows.text(at["created_by"])},
                                    {"semver", rows.maybeText(at["semver"]).value_or("")},
                                    {"source", redactUrl(empty(rows.view(at["source"]), deleted))},
                                    {"run", empty(rows.view(at["run_id"]), deleted)},
                                    {"run_digest", rows.maybeText(at["run_digest"]).value_or("")},
                                    {"archived", rows.integer(at["archived_at"]) != 0},
                                    {"deleted", deleted}},
                                   -1};
    state[Table::stage][name] = {{{"stage", rows.text(at["stage"])}}, -1};
  }
}

void readGovernance(db::Transaction& transaction, State& state) {
  auto evidence = transaction.query(
      "SELECT id, workspace, kind, name, number, type, verified, digest, body, summary, version_digest, created_by, "
      "origin, job "
      "FROM evidence");
  while (evidence.next()) {
    std::string claimed = evidence.text(7), real = digest(evidence.view(8));
    state[Table::evidence][fmt::format("evidence/{}", evidence.integer(0))] = {
        {{"about", rowName(rowKey(evidence.view(1), path(evidence.view(2), evidence.view(3)),
                                  fmt::format("@{}", evidence.integer(4))))},
         {"type", evidence.text(5)},
         {"verified", evidence.integer(6) != 0},
         {"origin", evidence.text(12)},
         {"job", evidence.integer(13)},
         {"digest", claimed == real ? claimed : fmt::format("{} for a body that has {}", claimed, real)},
         {"summary", digest(evidence.view(9))},
         {"version_digest", evidence.text(10)},
         {"by", evidence.text(11)}},
        -1};
  }
  auto bindings = transaction.query(
      "SELECT id, workspace, kind, name_pattern, pointer, policy, policy_selector, created_by, opa_url, opa_path FROM "
      "binding");
  while (bindings.next())
    state[Table::binding][fmt::format("binding/{}", bindings.integer(0))] = {
        {{"workspace", bindings.text(1)},
         {"kind", bindings.text(2)},
         {"name_pattern", bindings.text(3)},
         {"pointer", bindings.text(4)},
         {"policy", bindings.text(5)},
         {"policy_selector", bindings.text(6)},
         {"opa", bindings.text(8) + " " + bindings.text(9)},
         {"by", bindings.text(7)}},
        -1};
}

void readHolds(db::Transaction& transaction, State& state) {
  static constexpr std::string_view sql =
      "SELECT id, workspace, kind, name_pattern, asset, number, reason, placed_by, lifted_by FROM legal_hold";
  constexpr db::Columns at(sql);
  auto rows = transaction.query(sql);
  while (rows.next())
    state[Table::hold][fmt::format("hold/{}", rows.integer(at["id"]))] = {
        {{"workspace", rows.text(at["workspace"])},
         {"kind", rows.text(at["kind"])},
         {"name_pattern", rows.text(at["name_pattern"])},
         {"asset", rows.integer(at["asset"])},
         {"number", rows.integer(at["number"])},
         {"reason", rows.text(at["reason"])},
         {"placed_by", rows.text(at["placed_by"])},
         {"lifted_by", rows.text(at["lifted_by"])}},
        -1};
}

void readRequests(db::Transaction& transaction, State& state) {
  auto requests = transaction.query(
      "SELECT id, status, requested_by, closed_by, kind, name, pointer, action, from_number, from_digest, to_number, "
      "to_digest, decision, reason, plan, asset, not_before, change_set FROM change_request");
  while (requests.next())
    state[Table::changeRequest][fmt::format("change-request/{}", requests.integer(0))] = {
        {{"status", requests.text(1)},
         {"requested_by", requests.text(2)},
         {"closed_by", requests.text(3)},
         {"pointer", fmt::format("{}/{}#{}", requests.view(4), requests.view(5), requests.view(6))},
         {"action", requests.text(7)},
         {"from", requests.integer(8)},
         {"from_digest", requests.text(9)},
         {"to", requests.integer(10)},
         {"to_digest", requests.text(11)},
         {"decision", requests.text(12)},
         {"reason", digest(requests.view(13))},
         {"asset", requests.integer(15)},
         {"not_before", requests.integer(16)},
         {"change_set", requests.text(17)},
         {"plan", requests.view(14).empty() ? json::value() : json::value(digest(requests.view(14)))}},
        -1};

  auto approvals =
      transaction.query("SELECT change_request, actor, roles, bound, decision, comment, on_behalf_of FROM approval");
  while (approvals.next())
    state[Table::approval][fmt::format("change-request/{} by {}", approvals.integer(0), approvals.view(1))] = {
        {{"roles", stored(approvals.view(2))},
         {"bound", approvals.text(3)},
         {"decision", approvals.text(4)},
         {"comment", digest(approvals.view(5))},
         {"on_behalf_of", approvals.text(6)}},
        -1};

  auto comments = transaction.query("SELECT change_request, id, actor, body, place FROM change_request_comment");
  while (comments.next())
    state[Table::comment][fmt::format("change-request/{} comment {}", comments.integer(0), comments.integer(1))] = {
        {{"by", comments.text(2)}, {"body", digest(comments.view(3))}, {"place", comments.text(4)}}, -1};

  auto decisions = transaction.query("SELECT digest, body, result FROM decision");
  while (decisions.next()) {
    std::string shown = digest(decisions.view(1));
    json::value body = stored(decisions.view(1));
    const json::value* result = body.is_object() ? body.as_object().if_contains("result") : nullptr;
    if (!result || !result->is_string() || result->as_string() != decisions.view(2))
      shown = fmt::format("a result '{}' that its body does not give", decisions.view(2));
    state[Table::decision]["decision " + decisions.text(0)] = {{{"digest", shown}}, -1};
  }
}

void readAccess(db::Transaction& transaction, State& state) {
  auto users = transaction.query(
      "SELECT u.name, u.grants, u.password, u.disabled, l.issuer, l.subject "
      "FROM user_account u LEFT JOIN user_link l ON l.user_account = u.id AND u.disabled = 0");
  while (users.next()) {
    bool disabled = users.integer(3) != 0;
    std::string link = users.isNull(4) ? "" : access::fingerprint(access::Link{users.text(4), users.text(5)});
    state[Table::user]["user/" + users.text(0)] = {{{"grants", stored(users.view(1))},
                                                    {"credential", users.view(2).empty() ? "" : digest(users.view(2))},
                                                    {"link", link},
                                                    {"disabled", disabled}},
                                                   -1};
  }
  auto tokens =
      transaction.query("SELECT name, grants, hash, expires_at, revoked, access_key, trust FROM service_token");
  while (tokens.next())
    state[Table::token]["token/" + tokens.text(0)] = {
        {{"grants", stored(tokens.view(1))},
         {"credential", digest(tokens.view(2))},
         {"expires_at", tokens.integer(3)},
         {"access_key", tokens.text(5)},
         {"trust", tokens.view(6).empty() ? json::value() : stored(tokens.view(6))},
         {"revoked", tokens.integer(4) != 0}},
        -1};
}

/// Content that cannot be read was altered, too: the other rows are compared all the same.
std::string sealOf(db::Transaction& transaction, const std::string& run) try {
  tracking::SealCheck check = tracking::checkSeal(transaction, run);
  if (check.state != tracking::SealState::altered) return check.sealed;
  return check.present == check.sealed ? fmt::format("{} of another revision", check.sealed)
                                       : fmt::format("{} for content that has {}", check.sealed, check.present);
} catch (const Error& fault) {
  if (fault.code == Code::unavailable) throw;
  return fmt::format("content that cannot be read: {}", fault.message);
}

/// A run that was written to after its seal, through the server, is not a fault; one whose content differs nevertheless
/// is.
void readRuns(db::Transaction& transaction, State& state) {
  std::vector<std::pair<std::string, std::string>> sealed;
  {
    auto rows = transaction.query("SELECT run_id, workspace FROM run WHERE sealed_digest <> ''");
    while (rows.next()) sealed.emplace_back(rows.text(0), rows.text(1));
  }
  for (const auto& [id, workspace] : sealed) {
    state[Table::run][rowKey(workspace, "run/" + id, "")] = {{{"seal", sealOf(transaction, id)}}, -1};
  }
}

}  // namespace

State readState(db::Transaction& transaction) {
  State state;
  readRegistry(transaction, state);
  readVersions(transaction, state);
  readRollouts(transaction, state);
  readGovernance(transaction, state);
  readHolds(transaction, state);
  readRequests(transaction, state);
  readAccess(transaction, state);
  readRuns(transaction, state);
  return state;
}

}  // namespace regesta::governance
