#pragma once
#include "api/xet/call.h"

namespace regesta::api::xet {

/// Whether content that the caller may read has a chunk: the answer is a shard with the chunks around it, as a xorb
/// that files can be built of. Their hashes are keyed, so that only who has the same chunks learns of them. Other
/// content, also of this workspace, gives the same 404 as none.
http::Response findChunk(const Call& call, const http::Request& request);

}  // namespace regesta::api::xet
