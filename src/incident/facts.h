#pragma once
#include "base/json.h"
#include "governance/scope.h"
#include "registry/version.h"

/// What an investigator of a version needs to know at once.
namespace regesta::incident {

/// {"collected_at", "version", "serving", "rollouts", "promotions", "evidence", "used", "related"}: who promoted the
/// version, on which evidence, policy, decision and approvals; what serves it; which traces, runs and decision records
/// used it; which other versions share its runs, datasets or base. Names everything: show it through readable().
json::object collect(db::Transaction& transaction, const registry::Version& version);

/// Every move of a pointer to the version and every refused one, oldest first, with decision, policies, evidence and
/// approvals.
json::array promotionsOf(db::Transaction& transaction, const registry::Version& version);
/// Without bodies, newest first.
json::array evidenceOf(db::Transaction& transaction, const registry::Version& version);
/// The pointers that serve the version now: [{"pointer", "since", "by", "decision"}].
json::array servingNow(db::Transaction& transaction, const registry::Version& version);

/// Removes the run, the logged model and the related versions that the caller may not read. True when something was
/// removed.
bool hideFacts(const governance::Scope& scope, json::object& facts);

}  // namespace regesta::incident
