#pragma once
#include <string>

namespace regesta::tracking {

/// "brisk-otter-417": a random name for a run or logged model without one. At most 20 bytes.
std::string randomName();

}  // namespace regesta::tracking
