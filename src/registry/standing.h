#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/pointer.h"

namespace regesta::registry {

/// The version that a pointer pointed to at a moment, from the ledger.
struct Standing {
  std::int64_t number = 0;        ///< the version; 0: none
  std::optional<Position> since;  ///< the move that set it; absent: it had not moved by then
  std::optional<Position> until;  ///< the move that ended it; absent: still current
};

/// `at` in milliseconds, inclusive. A stage points to the newest version in it, as holderOf() says. Follows renames of
/// the asset; also for deleted assets.
Standing standingAt(db::Transaction& transaction, const AssetKey& key, const Pointer& pointer, std::int64_t at);

/// The rollout that was active on the alias at that moment, in its state then, with its arms' versions. Empty if there
/// was none: every caller got the version of standingAt().
std::optional<RolloutChange> rolloutAt(db::Transaction& transaction, const AssetKey& key, std::string_view alias,
                                       std::int64_t at);

struct StandingPointer {
  Pointer pointer;
  std::int64_t number = 0;
};
/// Every alias and stage of the asset that pointed to a version then, in byte order. Only under the present name;
/// pointers before a rename are found under the old name.
std::vector<StandingPointer> pointersAt(db::Transaction& transaction, const AssetKey& key, std::int64_t at);

}  // namespace regesta::registry
