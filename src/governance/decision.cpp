#include "governance/decision.h"

#include "base/error.h"
#include "base/text.h"
#include "base/time.h"
#include "crypto/hash.h"
#include "db/columns.h"
#include "governance/binding.h"

namespace regesta::governance {

namespace {

constexpr std::string_view columns =
    "SELECT digest, workspace, kind, name, pointer, result, facts, body, created_at FROM decision ";

Decision readDecision(const db::Rows& rows) {
  constexpr db::Columns at(columns);
  Decision decision;
  decision.digest = rows.text(at["digest"]);
  auto kind = registry::parseKind(rows.view(at["kind"]));
  if (!kind)
    throw error(Code::corrupt, "decision {} is about the unknown kind '{}'", decision.digest, rows.view(at["kind"]));
  decision.key = {rows.text(at["workspace"]), *kind, rows.text(at["name"])};
  decision.pointer = registry::Pointer::read(rows.text(at["pointer"]));
  auto result = parseDecisionResult(rows.view(at["result"]));
  if (!result)
    throw error(Code::corrupt, "decision {} has the unknown result '{}'", decision.digest, rows.view(at["result"]));
  decision.result = *result;
  decision.facts = rows.text(at["facts"]);
  decision.body = rows.text(at["body"]);
  decision.at = rows.integer(at["created_at"]);
  return decision;
}

const json::value& member(const json::object& object, std::string_view name) {
  const json::value* found = object.if_contains(name);
  if (!found) throw error(Code::corrupt, "the decision's body has no '{}'", name);
  return *found;
}

}  // namespace

std::string_view resultName(DecisionResult result) {
  switch (result) {
    case DecisionResult::allowed:
      return "allowed";
    case DecisionResult::refused:
      return "refused";
    case DecisionResult::pending:
      return "pending";
  }
  return "";
}

std::optional<DecisionResult> parseDecisionResult(std::string_view name) {
  for (DecisionResult result : {DecisionResult::allowed, DecisionResult::refused, DecisionResult::pending})
    if (resultName(result) == name) return result;
  return std::nullopt;
}

void storeDecision(registry::Change& change, const Decision& decision) {
  change.transaction.run(
      "INSERT INTO decision (digest, workspace, kind, name, pointer, result, facts, body, created_at) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (digest) DO NOTHING",
      {decision.digest, decision.key.workspace, registry::kindName(decision.key.kind), decision.key.name,
       decision.pointer.text(), resultName(decision.result), decision.facts, decision.body, decision.at});
}

std::optional<Decision> findDecision(db::Transaction& transaction, std::string_view digest) {
  auto rows = transaction.query(fmt::format("{} WHERE digest = $1", columns), {digest});
  if (!rows.next()) return std::nullopt;
  return readDecision(rows);
}

std::vector<Decision> listDecisions(db::Transaction& transaction, std::string_view workspace, std::string_view kind,
                                    std::string_view name, std::string_view pointer, std::int64_t before,
                                    std::size_t limit) {
  std::vector<Decision> list;
  auto rows =
      transaction.query(fmt::format("{} WHERE workspace = $1 AND (kind = $2 OR $2 = '') AND (name = $3 OR $3 = '') "
                                    "AND (pointer = $4 OR $4 = '') AND "
                                    "created_at < $5 ORDER BY created_at DESC, digest LIMIT $6",
                                    columns),
                        {workspace, kind, name, pointer, before > 0 ? before : INT64_MAX, limit});
  while (rows.next()) list.push_back(readDecision(rows));
  return list;
}

registry::Version policyOfDecision(db::Transaction& transaction, std::string_view workspace, std::string_view subject) {
  std::size_t at = subject.rfind('@');
  auto number = at == std::string_view::npos ? std::nullopt : parseInteger(subject.substr(at + 1));
  if (!subject.starts_with("policy/") || !number)
    throw error(Code::notFound, "the decision used {}, which is not a version", subject);
  // The decision's workspace first, then the default one.
  std::string name(subject.substr(7, at - 7));
  if (auto found = registry::findVersion(transaction, {std::string(workspace), registry::Kind::policy, name}, *number))
    return *found;
  return registry::getVersion(transaction, {"default", registry::Kind::policy, name}, *number);
}

Replayed replayDecision(registry::Store& store, policy::Engine& engine, const Decision& decision) {
  return replayDecision(engine, decision, [&](const std::string& subject) {
    registry::Version version = store.read(
        [&](db::Transaction& transaction) { return policyOfDecision(transaction, decision.key.workspace, subject); });
    return BoundPolicy{
        .subject = subject, .digest = version.digest, .modules = modulesFromContent(version.content), .error = {}};
  });
}

Replayed replayDecision(policy::Engine& engine, const Decision& decision, const PolicySource& source) {
  if (crypto::sha256Hex(decision.body) != decision.digest)
    throw error(Code::corrupt, "the stored decision {} does not match its digest", decision.digest);
  json::value root = parseJson(decision.body);
  const json::object& body = root.as_object();
  const json::array& inputs = member(body, "inputs").as_array();
  auto at = parseTime(member(body, "time").as_string());
  if (!at) throw error(Code::corrupt, "the decision {} has no time", decision.digest);
  Replayed replayed;
  for (const json::value& item : member(body, "evaluations").as_array()) {
    const json::object& evaluation = item.as_object();
    std::string subject(member(evaluation, "policy").as_string());
    std::string digest(member(evaluation, "policy_digest").as_string());
    if (digest.empty()) continue;  // the policy could not be had then: nothing was evaluated
    BoundPolicy policy = contentPolicy();
    if (subject != policy.subject) policy = source(subject);
    if (policy.digest != digest) {
      replayed.differences.push_back(fmt::format("{} has another content now", subject));
      continue;
    }
    const json::value& input =
        inputs.at(static_cast<std::size_t>(member(evaluation, "input").to_number<std::int64_t>()));
    policy::Verdict verdict = engine.decide(policy.modules, canonicalJson(input), *at * 1'000'000);
    if (canonicalJson(policy::toJson(verdict)) != canonicalJson(member(evaluation, "verdict")))
      replayed.differences.push_back(fmt::format("{} says {} now", subject, canonicalJson(policy::toJson(verdict))));
  }
  replayed.same = replayed.differences.empty();
  return replayed;
}

}  // namespace regesta::governance
