#pragma once
#include "api/xet/call.h"

namespace regesta::api::xet {

/// POST of a xorb: every chunk and the xorb's hash are computed again before anything is stored.
Task uploadXorb(http::Exchange& exchange, Core& core);

/// HEAD of a xorb that the caller may build files of, and of a file.
Task headXorb(http::Exchange& exchange, Core& core);
Task headFile(http::Exchange& exchange, Core& core);

}  // namespace regesta::api::xet
