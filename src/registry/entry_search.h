#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "db/database.h"

namespace regesta::registry {

/// Which ledger entries are looked for. Subject, actor and action are globs (base/text.h); empty ones ask for nothing.
struct EntryFilter {
  std::string subject, actor;
  std::vector<std::string> actions;                       ///< one of them
  std::int64_t first = 0, last = INT64_MAX;               ///< indexes, both inclusive
  std::int64_t sinceMicros = 0, untilMicros = INT64_MAX;  ///< both inclusive
  bool newestFirst = false;
};

struct FoundEntry {
  std::int64_t index = 0, id = 0;
  std::string body;  ///< canonical JSON, exactly as hashed
};
struct FoundEntries {
  std::vector<FoundEntry> entries;
  std::optional<std::int64_t> next;  ///< the index to look on from; absent: that was all
};

/// At most `limit` entries, in the order of their indexes. A subject without wildcards (in any workspace), and actions
/// when neither subject nor actor is asked for, are found by an index; a span of time is looked at entry by entry.
/// Otherwise one call looks at 20,000 entries at most, so a rare match may give an empty page with a `next`.
FoundEntries findEntries(db::Session& session, const EntryFilter& filter, std::size_t limit);

}  // namespace regesta::registry
