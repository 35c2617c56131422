#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/mac.h"
#include "db/database.h"

/// Entries between the commit of their change and their place in the tree. Anyone with write access to the database
/// could add a row, so each has a MAC under a key outside the database, and only rows that verify are signed.
namespace regesta::ledger {

/// `secret` is shared by the servers of one ledger: the seed of its signing key.
crypto::MacKey pendingKey(std::string_view secret);
std::string pendingMac(const crypto::MacKey& key, std::string_view salt, std::int64_t timeMicros,
                       std::string_view body);

struct Waiting {
  std::int64_t id = 0;
  std::int64_t time = 0;
  std::string body, salt, mac;
};
/// Committed entries without an index that were not refused, by id, limited by number and approximate size.
std::vector<Waiting> readWaiting(db::Transaction& transaction, std::int64_t count, std::size_t bytes);
/// Refused entries, at most `count`.
std::vector<Waiting> readRefused(db::Transaction& transaction, std::int64_t count);

/// Why the entry must not be signed, as the end of a sentence about it; empty if a server of this ledger wrote it and
/// the tree does not have it yet. A salt above `newestSalt`, the greatest in the tree, cannot be in the tree.
std::string faultOf(db::Transaction& transaction, const Waiting& entry, const crypto::MacKey& key,
                    std::string_view newestSalt);
/// The greatest salt in the tree; empty: none.
std::string readNewestSalt(db::Transaction& transaction);

/// Adds salt and MAC to waiting entries of a version without them. Only during the upgrade: later, no server writes
/// such entries. Returns their number.
std::int64_t adoptWaiting(db::Database& database, const crypto::MacKey& key);

}  // namespace regesta::ledger
