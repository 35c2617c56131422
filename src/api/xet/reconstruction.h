#pragma once
#include "api/xet/call.h"

namespace regesta::api::xet {

/// How a file is made of chunks of packs, computed from the index as it is now: so whatever any front stored can be
/// downloaded, and a rewritten pack only makes clients ask again.
http::Response reconstruction(const Call& call, const http::Request& request);    ///< version 1
http::Response reconstructionV2(const Call& call, const http::Request& request);  ///< version 2
/// Of several files, "?file_id=…&file_id=…". Those that the caller may not read are left out.
http::Response reconstructions(const Call& call, const http::Request& request);

/// The same for a JSON list of {"prefix", "hash"} in the body.
Task postReconstructions(http::Exchange& exchange, Core& core);

}  // namespace regesta::api::xet
