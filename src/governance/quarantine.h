#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "access/access.h"
#include "governance/evidence.h"

/// No pointer moves to a version in quarantine. It is there if its newest scan by this server found something critical,
/// until a person with the right to approve, who is not its author, releases it: both are evidence, so that the ledger
/// has them and policies see them. And it is there while it, what it consists of or what it is a copy of has an
/// incident that was not dismissed (incident.h).
namespace regesta::governance {

inline constexpr std::string_view scanType = "scan";
inline constexpr std::string_view releaseType = "scan-release";

struct Quarantine {
  std::int64_t incident = 0;  ///< 0: a scan
  std::int64_t scan = 0;      ///< the evidence that says why; 0: an incident
  std::string why;            ///< the first critical finding, or the incident's reason
  std::string part;           ///< "artifact/app@1": what the version is made of, and whose quarantine it is
};
/// Empty: nothing critical was found or it was released since, and no incident holds it.
std::optional<Quarantine> quarantineOf(db::Transaction& transaction, const registry::Version& version);

/// Throws Error{refused}, which names the reason and the next step, for a version in quarantine.
void requireNoQuarantine(db::Transaction& transaction, const registry::Version& version);

/// Throws Error{denied} for authors of the version, tokens, and without the right to approve; Error{invalidState} if it
/// no scan holds it; Invalid without a reason.
Evidence releaseFromQuarantine(registry::Change& change, const access::Identity& identity,
                               const registry::Version& version, std::string_view reason);

}  // namespace regesta::governance
