#pragma once
#include <optional>
#include <string_view>

#include "registry/version.h"

namespace regesta::registry {

/// Archived versions keep their number, tags, files and history, and can be restored. They are not what "latest" or a
/// range selects, are not served, and no pointer can be moved to one. Unrelated to MLflow's stage Archived. Their files
/// stay in the content store: there is no cold tier yet.

/// Permission to archive a version: a rollback could need one that a decision cites. Only governance makes it.
class Archival {
  friend class ClearanceIssuer;
  Archival() = default;
};

/// Recorded as "version.archived". Throws Error{refused} for a policy, and while a legal hold covers it, an alias, a
/// stage other than Archived or an active rollout serves it, or a prompt includes it. No effect on an archived version.
/// `rule`: the retention rule that caused it, for the entry.
Version archiveVersion(Change& change, const Version& version, const Archival& archival, std::string_view rule = {});
/// Recorded as "version.restored". No effect on a version that is not archived.
Version restoreVersion(Change& change, const Version& version);

/// Throws Error{invalidState} with the next step for an archived version: "Version 3 … cannot be <done>".
void requireNotArchived(const Version& version, std::string_view done);
/// The newest version that is not archived: what "latest" selects.
std::optional<Version> newestCurrent(db::Transaction& transaction, const Asset& asset);

}  // namespace regesta::registry
