#pragma once
#include "access/access.h"
#include "registry/archive.h"

namespace regesta::governance {

/// Clearance to archive a version: what a protected pointer, a decision, an open change request or evidence cites is
/// archived by administrators only, because a rollback could need it. Throws Error{denied}.
registry::Archival archival(db::Transaction& transaction, const access::Identity& identity,
                            const registry::Version& version);

}  // namespace regesta::governance
