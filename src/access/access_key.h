#pragma once
#include <string>

namespace regesta::access {

/// A new id of an S3 key, in the form that clients know: 20 capital letters and digits.
std::string newAccessKeyId();

}  // namespace regesta::access
