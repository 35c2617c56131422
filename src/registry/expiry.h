#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "registry/version.h"

namespace regesta::registry {

/// The moment from which on the server deletes the version unless something protects it (lifecycle/expiry.h), in
/// milliseconds; 0: never.
std::int64_t expiryOf(db::Transaction& transaction, const Version& version);
/// 0: never. Recorded as "version.expiry-set", unless nothing changes. Throws Error{refused} for a version of a policy,
/// and, unless `at` is 0, while a legal hold covers the version.
void setExpiry(Change& change, const Version& version, std::int64_t at);

/// Rows of the versions whose moment has come, in the order of their rows, at most `limit` after the row `after`.
std::vector<std::int64_t> expiredVersions(db::Transaction& transaction, std::int64_t now, std::int64_t after,
                                          std::size_t limit);
/// The next moment after `now` at which a version expires.
std::optional<std::int64_t> nextExpiry(db::Transaction& transaction, std::int64_t now);

}  // namespace regesta::registry
