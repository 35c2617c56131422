#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/pointer.h"

namespace regesta::registry {

/// Where a pointer stood at a moment, as the ledger tells it.
struct Standing {
  std::int64_t number = 0;        ///< the version; 0: it stood on none
  std::optional<Position> since;  ///< the movement that brought it there; absent: it had never moved by then
  std::optional<Position> until;  ///< the one that took it from there; absent: it stands there to this day
};

/// `at` in milliseconds; a movement in that very millisecond counts. A stage stands on the newest version in it, as
/// holderOf() says. Through renames of the asset, and also for assets that are gone.
Standing standingAt(db::Session& session, const AssetKey& key, std::string_view pointer, std::int64_t at);

struct StandingPointer {
  std::string pointer;
  std::int64_t number = 0;
};
/// Every alias and stage of the asset that stood on a version then, in byte order. Of the present name only: what an
/// asset's pointers were called before a rename is found under the old name.
std::vector<StandingPointer> pointersAt(db::Session& session, const AssetKey& key, std::int64_t at);

}  // namespace regesta::registry
