#pragma once
#include <cstdint>

#include "registry/version.h"

namespace regesta::registry {

/// When something was created and last changed at the source of an import, in milliseconds; 0: now.
struct SourceTimes {
  std::int64_t createdAt = 0, updatedAt = 0;
};

/// The next version of the asset gets this number. Numbers between are never used. Throws Error{exists} if the number
/// was used.
void reserveNumber(Change& change, const Asset& asset, std::int64_t number);

/// Sets the times of what an import created or changed in this change, after it was recorded. Never later than now.
void keepTimes(Change& change, const Asset& asset, const SourceTimes& times);
void keepTimes(Change& change, const Version& version, const SourceTimes& times);

}  // namespace regesta::registry
