#pragma once
#include "api/endpoint.h"
#include "http/router.h"

namespace regesta::api::native {

/// {"error":{"code","message","detail"}}; unknown members of a request are errors that suggest the known one.
const Dialect& dialect();

/// Every row of /api/v1/… and the public ledger below /ledger/.
Front front();

// What reads or writes piece by piece: blobs and version files, and what these two mount.
void mountStreams(http::Router& router, Core& core);
void mountChanges(http::Router& router, Core& core);
/// Leasing jobs, which may wait for one.
void mountJobStreams(http::Router& router, Core& core);

}  // namespace regesta::api::native
