#include "governance/evidence.h"

#include <algorithm>

#include "base/error.h"
#include "crypto/hash.h"
#include "db/columns.h"
#include "governance/card.h"
#include "governance/evidence_owner.h"

namespace regesta::governance {

namespace {

constexpr std::string_view types[] = {"card",     "scan",        "attestation",  "golden-test",     "evaluation",
                                      "fairness", "prompt-test", "scan-release", "incident-report", "signature"};
constexpr std::size_t summaryLength = 32 * 1024;
// Policies see every piece of evidence on a version: a limit keeps their input small, and refusing the next piece
// (rather than showing only the newest) means that newer evidence cannot hide an unfavorable one.
constexpr std::int64_t mostClaims = 200;

constexpr std::string_view columns =
    "SELECT id, workspace, kind, name, number, version_digest, type, verified, digest, {} AS body, summary, "
    "created_at, created_by, origin, job FROM evidence";

std::string selectFrom(std::string_view body) { return fmt::format(columns, body); }

Evidence readEvidence(const db::Rows& rows) {
  constexpr db::Columns at(columns);
  Evidence evidence;
  evidence.id = rows.integer(at["id"]);
  auto kind = registry::parseKind(rows.view(at["kind"]));
  if (!kind) throw error(Code::corrupt, "evidence {} is on the unknown kind '{}'", evidence.id, rows.view(at["kind"]));
  evidence.key = {rows.text(at["workspace"]), *kind, rows.text(at["name"])};
  evidence.number = rows.integer(at["number"]);
  evidence.versionDigest = rows.text(at["version_digest"]);
  evidence.type = rows.text(at["type"]);
  evidence.verified = rows.integer(at["verified"]) != 0;
  evidence.digest = rows.text(at["digest"]);
  evidence.body = rows.text(at["body"]);
  evidence.summary = rows.text(at["summary"]);
  evidence.createdAt = rows.integer(at["created_at"]);
  evidence.createdBy = rows.text(at["created_by"]);
  evidence.origin = rows.text(at["origin"]);
  evidence.job = rows.integer(at["job"]);
  return evidence;
}

std::vector<Evidence> readAll(db::Rows rows) {
  std::vector<Evidence> list;
  while (rows.next()) list.push_back(readEvidence(rows));
  return list;
}

void checkType(std::string_view type) {
  if (std::ranges::find(types, type) == std::end(types))
    throw Invalid("type", "must be card, scan, attestation, golden-test, evaluation, fairness or signature");
}

/// A claim to have passed one's tests would be worth nothing if everybody could send it.
void checkClaimable(std::string_view type) {
  checkType(type);
  if (type == "scan-release")
    throw Invalid("type", "must not be scan-release: release the version with regesta version release");
  if (type == "incident-report")
    throw Invalid("type", "must not be incident-report: regesta incident close --report files it");
  if (type == "signature") throw Invalid("type", "must not be signature: it is verified, not claimed");
  if (type == "prompt-test")
    throw Invalid("type", "must not be prompt-test: tests are reported by the runner that leased their job");
}

/// The scalars of a body, so that a policy can ask for "status" or "passed" without the whole report.
json::object scalarsOf(const json::object& body) {
  json::object summary;
  for (const auto& member : body) {
    const json::value& value = member.value();
    bool small = value.is_bool() || value.is_number() || (value.is_string() && value.as_string().size() <= 200);
    if (small && summary.size() < 50 && member.key().size() <= 100) summary[member.key()] = value;
  }
  return summary;
}

json::object claimedMetrics(const json::object& body) {
  const json::value* metrics = body.if_contains("metrics");
  if (!metrics || !metrics->is_object() || metrics->as_object().empty())
    throw Invalid("body.metrics", "must be an object of numbers, such as {\"accuracy\": 0.91}");
  if (metrics->as_object().size() > 500) throw Invalid("body.metrics", "must have at most 500 members");
  for (const auto& member : metrics->as_object())
    if (!member.value().is_number())
      throw Invalid(fmt::format("body.metrics.{}", std::string_view(member.key())), "must be a number");
  return metrics->as_object();
}

}  // namespace

NewEvidence checkClaim(std::string_view type, const json::value& body, std::string_view digest) {
  checkClaimable(type);
  NewEvidence made{std::string(type), false, body, {}};
  if (!digest.empty() && digest != crypto::sha256Hex(canonicalJson(body)))
    throw Invalid("digest", "must be the SHA-256 of the body's canonical JSON (RFC 8785)");
  if (type == "card") {
    made.summary = checkCard(body);
    return made;
  }
  if (!body.is_object() || body.as_object().empty())
    throw Invalid("body", "must be a JSON object with at least one member");
  made.summary = scalarsOf(body.as_object());
  if (type == "evaluation") made.summary["metrics"] = claimedMetrics(body.as_object());
  return made;
}

Evidence addEvidence(registry::Change& change, const registry::Version& version, const NewEvidence& made) {
  checkType(made.type);
  Evidence evidence;
  evidence.key = version.asset.key;
  evidence.number = version.number;
  evidence.versionDigest = version.digest;
  evidence.type = made.type;
  evidence.verified = made.verified;
  evidence.job = made.job;
  evidence.origin = made.job != 0 ? "runner" : made.verified ? "server" : "client";
  evidence.body = canonicalJson(made.body);
  evidence.summary = canonicalJson(made.summary);
  if (evidence.body.size() > evidenceLength || evidence.summary.size() > summaryLength)
    throw error(Code::tooLarge,
                "the evidence has {} bytes; {} is the limit. Store the file as a blob and refer to its digest",
                evidence.body.size(), evidenceLength);
  evidence.digest = crypto::sha256Hex(evidence.body);
  if (!evidence.verified || evidence.type == "signature") {
    auto rows = change.transaction.query(
        "SELECT COUNT(*) FROM evidence WHERE version = $1 AND (verified = 0 OR type = 'signature')", {version.id});
    if (rows.next() && rows.integer(0) >= mostClaims)
      throw error(Code::tooLarge, "{} has {} pieces of uploaded evidence already, which is the limit",
                  version.subject(), mostClaims);
  }
  evidence.createdAt = change.now;
  evidence.createdBy = change.actor.name;
  evidence.id = change.transaction.insert(
      "INSERT INTO evidence (workspace, kind, name, number, version, version_digest, type, verified, digest, body, "
      "summary, "
      "created_at, created_by, origin, job) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) "
      "RETURNING id",
      {evidence.key.workspace, registry::kindName(evidence.key.kind), evidence.key.name, evidence.number, version.id,
       evidence.versionDigest, evidence.type, evidence.verified, evidence.digest, evidence.body, evidence.summary,
       evidence.createdAt, evidence.createdBy, evidence.origin, evidence.job});
  json::object data{{"evidence", evidence.id},
                    {"type", evidence.type},
                    {"verified", evidence.verified},
                    {"origin", evidence.origin},
                    {"digest", evidence.digest},
                    {"summary", crypto::sha256Hex(evidence.summary)},
                    {"version_digest", evidence.versionDigest}};
  if (evidence.job != 0) data["job"] = evidence.job;
  change.record(registry::Action::evidenceAdded, evidence.key.workspace, version.subject(), std::move(data));
  return evidence;
}

std::optional<Evidence> findEvidence(db::Transaction& transaction, std::int64_t id) {
  auto rows = transaction.query(selectFrom("body") + " WHERE id = $1", {id});
  if (!rows.next()) return std::nullopt;
  return readEvidence(rows);
}

std::vector<Evidence> listEvidence(db::Transaction& transaction, const registry::AssetKey& key, std::int64_t number,
                                   std::size_t limit, std::int64_t before) {
  std::int64_t below = before > 0 ? before : INT64_MAX;
  auto asset = registry::findAsset(transaction, key);
  if (!asset) return {};
  return readAll(transaction.query(
      selectFrom("body") + " WHERE version IN (SELECT id FROM version v WHERE v.asset = $1 AND v.deleted = 0 AND "
                           "(v.number = $2 OR $2 = 0) AND v.digest = version_digest AND v.created_at <= "
                           "evidence.created_at) AND id < $3 ORDER BY id DESC LIMIT $4",
      {asset->id, number, below, limit}));
}

std::vector<Evidence> evidenceOn(db::Transaction& transaction, const registry::Version& version) {
  return readAll(transaction.query(selectFrom("''") + " WHERE version = $1 AND version_digest = $2 AND number = $3 AND "
                                                      "created_at >= $4 ORDER BY id DESC",
                                   {version.id, version.digest, version.number, version.createdAt}));
}

std::optional<registry::AssetKey> ownerOf(db::Transaction& transaction, const Evidence& evidence) {
  auto rows = transaction.query(
      "SELECT a.workspace, a.kind, a.name FROM evidence e JOIN version v ON v.id = e.version JOIN asset a ON "
      "a.id = v.asset WHERE e.id = $1 AND v.deleted = 0 AND v.digest = e.version_digest AND v.number = e.number AND "
      "v.created_at <= e.created_at",
      {evidence.id});
  if (!rows.next()) return std::nullopt;
  auto kind = registry::parseKind(rows.view(1));
  if (!kind) return std::nullopt;
  return registry::AssetKey{rows.text(0), *kind, rows.text(2)};
}

}  // namespace regesta::governance
