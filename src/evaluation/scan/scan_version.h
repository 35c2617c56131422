#pragma once
#include <optional>

#include "blob/store.h"
#include "governance/evidence.h"

namespace regesta::evaluation {

/// Scans the files of a version and adds the result as evidence of type "scan" with the origin "server". The summary:
/// {status: clean | warnings | critical | incomplete, critical, warnings, complete, files, worst?}. Waits for disks:
/// not inside a transaction. Throws Error{invalidState} for a version without files.
governance::Evidence scanVersion(registry::Store& store, blob::BlobStore& blobs, const registry::Actor& actor,
                                 const registry::Version& version, std::string_view scannedBy);

}  // namespace regesta::evaluation
