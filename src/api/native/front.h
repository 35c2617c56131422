#pragma once
#include "api/endpoint.h"
#include "http/router.h"

namespace regesta::api::native {

/// {"error":{"code","message","detail"}}; unknown members of a request are errors that suggest the known one.
const Dialect& dialect();

/// All routes of /api/v1/… and the public ledger below /ledger/.
Front front();

// Streaming routes: blobs and version files, and those below.
std::span<const StreamRoute> streams();
std::span<const StreamRoute> changeStreams();
std::span<const StreamRoute> uploadStreams();
/// Versions as tar and zip.
std::span<const StreamRoute> archiveStreams();
/// Evidence packs.
std::span<const StreamRoute> packStreams();
/// Leasing jobs, with long polling.
std::span<const StreamRoute> jobStreams();
/// Decision records as JSON Lines.
std::span<const StreamRoute> recordStreams();

}  // namespace regesta::api::native
