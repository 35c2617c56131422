#include "governance/quarantine.h"

#include "base/error.h"
#include "base/text.h"
#include "governance/approver.h"
#include "governance/incident.h"
#include "registry/parts.h"

namespace regesta::governance {
namespace {

constexpr std::size_t longestReason = 2000;

std::string whyOf(const json::object& summary) {
  const json::value* why = summary.if_contains("worst");
  return why && why->is_string() ? std::string(why->get_string()) : "the scan found something critical";
}

std::optional<Quarantine> quarantineByScan(db::Transaction& transaction, const registry::Version& version) {
  auto rows = transaction.query(
      "SELECT id, type, summary FROM evidence WHERE version = $1 AND version_digest = $2 AND "
      "((type = 'scan' AND origin = 'server') OR type = 'scan-release') ORDER BY id DESC LIMIT 1",
      {version.id, version.digest});
  if (!rows.next() || rows.view(1) == releaseType) return std::nullopt;
  json::value summary = parseJson(rows.view(2));
  const json::value* critical = summary.is_object() ? summary.as_object().if_contains("critical") : nullptr;
  if (!critical || !critical->is_number() || critical->to_number<double>() <= 0) return std::nullopt;
  return Quarantine{0, rows.integer(0), whyOf(summary.as_object())};
}

}  // namespace

std::optional<Quarantine> quarantineOf(db::Transaction& transaction, const registry::Version& version) {
  constexpr std::size_t reasonShown = 300;
  std::int64_t number = 0;
  auto byIncident = [&](const registry::Version& held) -> std::optional<std::string> {
    auto incident = incidentHolding(transaction, held);
    if (!incident) return std::nullopt;
    number = incident->id;
    return fmt::format("incident {}: {}", incident->id, shorten(incident->reason, reasonShown));
  };
  if (auto why = byIncident(version)) return Quarantine{number, 0, *why};
  // Another name, or a version around it, must not bring back what an incident took out of service.
  for (const registry::Version& source : registry::sourcesOf(transaction, version))
    if (auto why = byIncident(source))
      return Quarantine{number, 0, fmt::format("it is made of {}: {}", source.subject(), *why), source.subject()};
  if (auto quarantine = quarantineByScan(transaction, version)) return quarantine;
  for (const registry::Version& part : registry::partsOf(transaction, version))
    if (auto quarantine = quarantineByScan(transaction, part))
      return Quarantine{0, quarantine->scan, fmt::format("it contains {}: {}", part.subject(), quarantine->why),
                        part.subject()};
  return std::nullopt;
}

void requireNoQuarantine(db::Transaction& transaction, const registry::Version& version) {
  auto quarantine = quarantineOf(transaction, version);
  if (!quarantine) return;
  if (quarantine->incident != 0)
    throw error(Code::refused, "{} is in quarantine: {}. Use another version; regesta incident show {} says more",
                version.subject(), quarantine->why, quarantine->incident);
  throw error(Code::refused,
              "{} is in quarantine: {} (evidence {}). Register a version without it, or ask somebody who may approve "
              "and is not its author to release it: regesta version release {} --reason REASON",
              version.subject(), quarantine->why, quarantine->scan,
              quarantine->part.empty() ? version.subject() : quarantine->part);
}

Evidence releaseFromQuarantine(registry::Change& change, const access::Identity& identity,
                               const registry::Version& version, std::string_view reason) {
  identity.require(access::Verb::approve, version.asset.key.workspace, version.asset.key.name);
  requirePerson(identity.actor);
  if (trim(reason).empty()) throw Invalid("reason", "is required: what was checked, and why the finding does no harm");
  if (reason.size() > longestReason) throw Invalid("reason", fmt::format("must be at most {} bytes", longestReason));
  requireNotAuthor(change.transaction, identity.actor, version, "somebody else must release it");
  auto quarantine = quarantineByScan(change.transaction, version);
  if (!quarantine) throw error(Code::invalidState, "no finding of a scan keeps {} in quarantine", version.subject());
  json::object body{{"scan", quarantine->scan}, {"reason", reason}};
  return addEvidence(change, version, {.type = std::string(releaseType), .body = body, .summary = body});
}

}  // namespace regesta::governance
