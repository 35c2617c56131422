#pragma once
#include <string>

#include "access/access.h"
#include "governance/gate.h"
#include "governance/incident.h"
#include "governance/scope.h"

/// Works on an incident: what is done when one is opened, what is shown of it, and how it ends with a report.
namespace regesta::incident {

struct Opening {
  registry::AssetKey key;
  std::string selector;  ///< of the flawed version
  std::string reason;
  bool rollback = true;  ///< false: the aliases and stages that point to it stay
  /// Name of a policy that protects the asset's pointers from now on; empty: none.
  std::string policy;
  std::string policySelector = "latest";
};

/// Collects what is known (facts.h), opens the incident, so that the version is in quarantine, ends rollouts that serve
/// it, binds the policy, and rolls back. Everything but the rollbacks is one change. Throws Error{denied} unless the
/// identity may open it and may bind the policy.
governance::Incident open(registry::Store& store, governance::Gate& gate, const access::Identity& identity,
                          const Opening& opening);
/// Rolls back every alias and stage that still points to the version of an open incident, each through the gate, which
/// may refuse or wait for approvals: a note says what came of it. For those who may open it.
void rollBack(registry::Store& store, governance::Gate& gate, const access::Identity& identity,
              const governance::Incident& incident);
/// Ends the incident. With `report`, the report becomes evidence of the version.
governance::Incident close(registry::Store& store, const access::Identity& identity,
                           const governance::Incident& incident, governance::IncidentStatus status,
                           std::string_view conclusion, bool report);

/// Everything about the incident that the caller may read: its facts, what serves the version now, its notes, and the
/// decisions and evidence of its mitigation. "withheld" is true if something is missing.
json::object describe(db::Transaction& transaction, const governance::Scope& scope,
                      const governance::Incident& incident);

}  // namespace regesta::incident
