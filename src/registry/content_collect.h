#pragma once
#include <set>
#include <span>

#include "blob/pack_collect.h"
#include "registry/change.h"

namespace regesta::registry {

/// A column whose digests keep content, beside blob_upload and xet_xorb, which keep it for some time.
struct DigestColumn {
  std::string_view table, column;
  bool inText = false;  ///< whether its text may mention digests, rather than be one
};
/// tests/unit/registry/digest_column_test.cpp compares them with the schema.
std::span<const DigestColumn> digestColumns();

/// Which of the digests something in the database refers to: digestColumns(), uploads since `uploadsSince`, and xorbs
/// (registry/xorb.h).
std::set<std::string> referencedContent(db::Transaction& transaction, const std::vector<std::string>& digests,
                                        std::int64_t uploadsSince, std::int64_t now);

struct ContentUse {
  std::string version;  ///< model/loan-risk@3
  std::string workspace, path;
};
/// The versions that have a file with this digest.
std::vector<ContentUse> versionsWithContent(db::Transaction& transaction, std::string_view digest);

struct CollectOptions {
  std::int64_t graceMillis = 0;   ///< how long content stays after it was stored last, and again after it was condemned
  std::int64_t uploadMillis = 0;  ///< how long an upload counts as a reference
  std::int64_t now = 0;
  bool dryRun = false;
};
struct Collected {
  std::vector<blob::CollectedObject> condemned, removed;
  std::uint64_t looked = 0, kept = 0;
  std::string next;  ///< continue after this digest; empty: that was the last page
};
/// Looks at one page of stored objects after `after`: condemns what nothing refers to and removes what was condemned
/// before the grace period and still is unused. References are read in the transaction that removes, so nothing that is
/// referred to goes. What was removed is recorded in the ledger as content.collected.
Collected collectContent(Store& store, blob::Packs& packs, const Actor& actor, const std::string& after,
                         const CollectOptions& options);

}  // namespace regesta::registry
