#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "access/access.h"
#include "governance/evidence.h"

/// A version whose newest scan by this server found something critical is in quarantine: no pointer moves to it until a
/// person with the right to approve, who is not its author, releases it. Both are evidence, so that the ledger has them
/// and policies see them.
namespace regesta::governance {

inline constexpr std::string_view scanType = "scan";
inline constexpr std::string_view releaseType = "scan-release";

struct Quarantine {
  std::int64_t scan = 0;  ///< the evidence that says why
  std::string why;        ///< its first critical finding
};
/// Empty: never scanned, nothing critical found, or released since.
std::optional<Quarantine> quarantineOf(db::Transaction& transaction, const registry::Version& version);

/// Throws Error{refused}, which names the finding and the next step, for a version in quarantine.
void requireNoQuarantine(db::Transaction& transaction, const registry::Version& version);

/// Throws Error{denied} for authors of the version, tokens, and without the right to approve; Error{invalidState} if it
/// is not in quarantine; Invalid without a reason.
Evidence releaseFromQuarantine(registry::Change& change, const access::Identity& identity,
                               const registry::Version& version, std::string_view reason);

}  // namespace regesta::governance
