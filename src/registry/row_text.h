#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "crypto/mac.h"
#include "db/database.h"
#include "registry/column_class.h"

namespace regesta::registry {

/// The rows of `table` that the open `rows` is at: its columns, in the order of TableClass::columns, from `first`
/// on.
struct RowText {
  std::string key;      ///< the key columns, as an entry names the row: "7", "7|production"
  std::string content;  ///< every covered column that is not 0 or empty, by name
  std::string digest;   ///< of the content: 24 characters
};
RowText rowText(const TableClass& table, const db::Rows& rows, int first = 0);
/// The digest of a group from the digests of its rows, in any order.
std::string groupDigest(std::vector<std::string> digests);
/// The key that row MACs are made with, one per process. Until it is set it is a random one.
crypto::MacKey rowKey(std::string_view secret);
void setRowKey(crypto::MacKey key);
std::string rowMac(const RowText& row);
/// Whether the row's MAC is authentic. `row` is rowText()'s result.
bool isGenuine(const RowText& row, std::string_view mac);
/// The same for the row of `table` (one key column) with `key`; false if there is none.
bool isGenuine(db::Transaction& transaction, const TableClass& table, db::Param key);
/// Throws Code::corrupt unless the MAC is authentic.
void requireGenuine(const TableClass& table, const RowText& row, std::string_view mac);

/// One part of a key; parts are joined with '|'.
std::string keyPart(std::string_view value);

}  // namespace regesta::registry
