#include "incident/incident.h"

#include <algorithm>

#include "base/error.h"
#include "base/time.h"
#include "governance/binding.h"
#include "governance/evidence.h"
#include "governance/governor.h"
#include "incident/facts.h"
#include "incident/report.h"
#include "registry/pointer.h"
#include "registry/rollout/rollout.h"

namespace regesta::incident {
namespace {

using governance::Incident;
using registry::Pointer;

registry::Version versionOf(db::Transaction& transaction, const Incident& incident) {
  return registry::getVersion(transaction, incident.key, incident.number);
}

/// The pointers that a policy protects, and those that served the flawed version.
std::vector<Pointer> pointersToProtect(db::Transaction& transaction, const registry::Version& version) {
  std::vector<Pointer> pointers = registry::standingPointers(transaction, version.asset);
  std::erase_if(pointers, [&](const Pointer& pointer) {
    std::vector<std::int64_t> on = registry::versionsOn(transaction, version.asset, pointer);
    return pointer == Pointer::stage("Archived") || (!registry::isProtected(transaction, version.asset.key, pointer) &&
                                                     std::ranges::find(on, version.number) == on.end());
  });
  return pointers;
}

void requirePolicy(registry::Change& change, const access::Identity& identity, const Incident& incident,
                   const registry::Version& version, const Opening& opening) {
  std::vector<Pointer> pointers = pointersToProtect(change.transaction, version);
  if (pointers.empty())
    throw Invalid("require_policy", fmt::format("needs a protected alias or stage of {}, or one that points to "
                                                "version {}: bind the policy to a pointer yourself",
                                                version.asset.key.subject(), version.number));
  for (const Pointer& pointer : pointers) {
    governance::Binding binding{.workspace = version.asset.key.workspace,
                                .kind = std::string(registry::kindName(version.asset.key.kind)),
                                .namePattern = version.asset.key.name,
                                .pointer = pointer,
                                .policy = opening.policy,
                                .policySelector = opening.policySelector};
    governance::requireGovernor(identity, binding);
    bool isBound = std::ranges::any_of(governance::bindingsOn(change.transaction, version.asset.key, pointer),
                                       [&](const governance::Binding& present) {
                                         return present.policy == binding.policy &&
                                                present.policyKey().workspace == binding.policyKey().workspace;
                                       });
    if (isBound) continue;
    governance::bind(change, binding);
    governance::addNote(change, incident, "policy", fmt::format("bound policy/{} to '{}'", opening.policy, pointer));
  }
}

/// A rollout that serves the version to some callers. One whose stable version it is stays: it leads away from it.
void endRollouts(registry::Change& change, const Incident& incident, const registry::Version& version) {
  for (const registry::Rollout& rollout : registry::activeRollouts(change.transaction, version.asset)) {
    if (!rollout.tries(version.number)) continue;
    registry::endRollout(change, rollout, registry::RolloutStatus::stopped, fmt::format("incident {}", incident.id));
    governance::addNote(change, incident, "rollout",
                        fmt::format("stopped rollout {} on '{}'", rollout.id, rollout.alias));
  }
}

/// What a rollback came to, as kind and text of a note.
std::pair<std::string, std::string> attempt(governance::Gate& gate, const access::Identity& identity,
                                            const Incident& incident, const Pointer& pointer) {
  using Kind = governance::Gate::Outcome::Kind;
  try {
    governance::Gate::Outcome outcome = gate.rollBackFrom(identity, identity.actor, incident.key, pointer,
                                                          incident.number, fmt::format("incident {}", incident.id));
    switch (outcome.kind) {
      case Kind::moved:
        return {"rollback",
                fmt::format("rolled '{}' back from version {} to version {}", pointer, incident.number, outcome.to)};
      case Kind::unchanged:
        return {};
      case Kind::refused:
        return {"problem",
                fmt::format("a policy refused to roll '{}' back to version {}: {}", pointer, outcome.to,
                            outcome.verdict.deny.empty() ? outcome.verdict.error : outcome.verdict.deny.front().msg)};
      case Kind::pending:
        return {"problem", fmt::format("'{}' waits for change request {} to be rolled back to version {}", pointer,
                                       outcome.changeRequest, outcome.to)};
    }
  } catch (const Error& fault) {
    // Whatever keeps one pointer must not keep the others; a fault of the server is not its reason.
    return {"problem", fmt::format("'{}' was not rolled back: {}", pointer,
                                   fault.code == Code::internal ? "the server has a fault" : fault.message)};
  }
  return {};
}

}  // namespace

Incident open(registry::Store& store, governance::Gate& gate, const access::Identity& identity,
              const Opening& opening) {
  governance::requireInvestigator(identity, opening.key);
  // Reads much: not while other changes wait.
  json::object facts = store.read([&](db::Transaction& transaction) {
    return collect(transaction, registry::resolveVersion(transaction, opening.key, opening.selector));
  });
  std::string subject = memberText(facts.at("version").as_object(), "subject");
  Incident incident = store.change(identity.actor, [&](registry::Change& change) {
    registry::Version version = registry::resolveVersion(change.transaction, opening.key, opening.selector);
    if (version.subject() != subject)
      throw error(Code::conflict, "'{}' of {} points to another version now; name the version by its number",
                  opening.selector, opening.key.subject());
    Incident opened = governance::openIncident(change, identity, version, opening.reason, facts);
    if (!opening.policy.empty()) requirePolicy(change, identity, opened, version, opening);
    endRollouts(change, opened, version);
    return opened;
  });
  if (opening.rollback) rollBack(store, gate, identity, incident);
  return incident;
}

void rollBack(registry::Store& store, governance::Gate& gate, const access::Identity& identity,
              const Incident& incident) {
  governance::requireInvestigator(identity, incident.key);
  if (incident.status != governance::IncidentStatus::open)
    throw error(Code::invalidState, "incident {} is closed", incident.id);
  std::vector<Pointer> pointers = store.read([&](db::Transaction& transaction) {
    return registry::pointersTo(transaction, versionOf(transaction, incident));
  });
  for (const Pointer& pointer : pointers) {
    if (pointer == Pointer::stage("Archived")) continue;
    auto [kind, text] = attempt(gate, identity, incident, pointer);
    if (text.empty()) continue;
    store.change(identity.actor, [&](registry::Change& change) { governance::addNote(change, incident, kind, text); });
  }
}

Incident close(registry::Store& store, const access::Identity& identity, const Incident& incident,
               governance::IncidentStatus status, std::string_view conclusion, bool report) {
  return store.change(identity.actor, [&](registry::Change& change) {
    Incident closed = governance::closeIncident(change, identity, incident, status, conclusion);
    if (!report) return closed;
    // The evidence has every name: those who may not read all of them read the report through the incident.
    access::Identity everything{.actor = identity.actor, .grants = {}, .local = true};
    governance::Scope scope(change.transaction, everything, closed.key.workspace);
    governance::Evidence filed =
        governance::addEvidence(change, versionOf(change.transaction, closed),
                                reportEvidence(closed, describe(change.transaction, scope, closed)));
    return governance::setReport(change, closed, filed.id);
  });
}

json::object describe(db::Transaction& transaction, const governance::Scope& scope, const Incident& incident) {
  json::value facts = parseJson(incident.facts);
  bool withheld = hideFacts(scope, facts.as_object());
  json::array notes;
  for (const governance::IncidentNote& note : governance::notesOf(transaction, incident))
    notes.push_back(
        json::object{{"kind", note.kind}, {"text", note.text}, {"at", formatTime(note.at)}, {"by", note.actor}});
  json::object all{{"facts", std::move(facts)}, {"withheld", withheld}, {"notes", std::move(notes)}};
  auto version = registry::findVersion(transaction, incident.key, incident.number);
  all["serving"] = version ? servingNow(transaction, *version) : json::array();
  auto mitigation = registry::findVersion(transaction, incident.key, incident.mitigation);
  if (!mitigation) return all;
  all["mitigation"] = json::object{{"subject", mitigation->subject()},
                                   {"digest", mitigation->digest},
                                   {"registered_by", mitigation->createdBy},
                                   {"promotions", promotionsOf(transaction, *mitigation)},
                                   {"evidence", evidenceOf(transaction, *mitigation)},
                                   {"serving", servingNow(transaction, *mitigation)}};
  return all;
}

}  // namespace regesta::incident
