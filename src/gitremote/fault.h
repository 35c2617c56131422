#pragma once
#include "base/error.h"

namespace regesta::gitremote {

/// True for server errors; the client must correct all others.
inline bool isOurs(const Error& fault) { return httpStatus(fault.code) >= 500 && fault.code != Code::unsupported; }

}  // namespace regesta::gitremote
