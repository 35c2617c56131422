#pragma once
#include "base/error.h"

namespace regesta::delivery {

/// True for what the server could not do; everything else is for whoever pushed or fetched to put right.
inline bool isOurs(const Error& fault) { return httpStatus(fault.code) >= 500 && fault.code != Code::unsupported; }

}  // namespace regesta::delivery
