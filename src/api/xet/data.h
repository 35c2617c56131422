#pragma once
#include "api/xet/call.h"

namespace regesta::api::xet {

/// Records of a pack, of the one file that the address was signed for: a range, or several as multipart/byteranges.
Task getData(http::Exchange& exchange, Core& core);

/// For StreamRoute::door: the signed address instead of credentials.
std::shared_ptr<http::Caller> admitDataUrl(Core& core, const http::Request& request);

}  // namespace regesta::api::xet
