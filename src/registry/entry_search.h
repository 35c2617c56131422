#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "db/database.h"
#include "ledger/store.h"

namespace regesta::registry {

/// Number of ledger entries that have an index; the next entry gets this index.
std::int64_t entryCount(db::Transaction& transaction);

/// Filter for ledger entries. Subject, actor and action are globs (base/text.h); empty ones match everything.
struct EntryFilter {
  std::string subject, actor;
  std::vector<std::string> actions;                       ///< one of them
  std::int64_t first = 0, last = INT64_MAX;               ///< indexes, both inclusive
  std::int64_t sinceMicros = 0, untilMicros = INT64_MAX;  ///< both inclusive
  bool newestFirst = false;
};

struct FoundEntries {
  std::vector<ledger::Logged> entries;
  std::optional<std::int64_t> next;  ///< index to continue from; absent: no more entries
};

/// At most `limit` entries, in the order of their indexes. A subject without wildcards (in any workspace), and actions
/// without subject and actor, use an index; a time range is scanned entry by entry. Otherwise one call reads at most
/// 20,000 entries, so a rare match can return an empty page with a `next`.
FoundEntries findEntries(db::Transaction& transaction, const EntryFilter& filter, std::size_t limit);

}  // namespace regesta::registry
