#pragma once
#include <string>

namespace regesta::tracking {

/// "brisk-otter-417": what a run or a logged model is called when nobody gave it a name. At most 20 bytes.
std::string randomName();

}  // namespace regesta::tracking
