#include "registry/row_text.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/error.h"
#include "base/id.h"
#include "base/sync.h"
#include "crypto/hash.h"

namespace regesta::registry {
namespace {

constexpr std::size_t digestBytes = 18;  // 24 characters of base64url
constexpr std::size_t longestKeyPart = 64;

std::string shortDigest(std::string_view bytes) {
  crypto::Hash hash = crypto::sha256(bytes);
  return base64UrlEncode(crypto::view(hash).substr(0, digestBytes));
}

Sync<std::optional<crypto::MacKey>>& processKey() {
  static Sync<std::optional<crypto::MacKey>> key;
  return key;
}

crypto::MacKey currentKey() {
  auto key = processKey().lock();
  if (!*key) *key = rowKey(randomBytes(32));
  return **key;
}

}  // namespace

std::string keyPart(std::string_view value) {
  if (value.size() > longestKeyPart) return "#" + shortDigest(value);
  std::string part;
  for (char c : value) {
    if (c == '|' || c == '\\' || c == '#') part += '\\';
    part += c;
  }
  return part;
}

RowText rowText(const TableClass& table, const db::Rows& rows, int first) {
  RowText row;
  for (std::string_view name : table.key) {
    auto column = std::ranges::find(table.columns, name, &Column::name);
    if (!row.key.empty() || name != table.key.front()) row.key += '|';
    row.key += keyPart(rows.view(first + static_cast<int>(column - table.columns.begin())));
  }
  // Columns that are 0 or empty are left out, so that a column which a later migration adds changes no digest.
  std::string content(table.table);
  for (int i = 0; i < static_cast<int>(table.columns.size()); ++i) {
    const Column& column = table.columns[static_cast<std::size_t>(i)];
    if (rows.isNull(first + i)) continue;
    std::string_view value = rows.view(first + i);
    if (!column.nullable && (column.number ? value == "0" : value.empty())) continue;
    fmt::format_to(std::back_inserter(content), "\n{}={}:{}", column.name, value.size(), value);
  }
  row.digest = shortDigest(content);
  row.content = std::move(content);
  return row;
}

crypto::MacKey rowKey(std::string_view secret) { return crypto::MacKey::derive(secret, "regesta row v1"); }

void setRowKey(crypto::MacKey key) { *processKey().lock() = std::move(key); }

std::string rowMac(const RowText& row) { return currentKey().tag({row.content}); }

bool isGenuine(const RowText& row, std::string_view mac) { return currentKey().verify({row.content}, mac); }

bool isGenuine(db::Transaction& transaction, const TableClass& table, db::Param key) {
  db::Rows rows = transaction.query(
      fmt::format("SELECT {}, mac FROM {} WHERE {} = $1", table.list, table.table, table.key.front()), {key});
  return rows.next() && isGenuine(rowText(table, rows), rows.view(static_cast<int>(table.columns.size())));
}

void requireGenuine(const TableClass& table, const RowText& row, std::string_view mac) {
  if (isGenuine(row, mac)) return;
  throw error(
      Code::corrupt,
      "row {} of {} was written by something other than this server: its MAC does not match. Run regesta ledger "
      "verify",
      row.key, table.table);
}

std::string groupDigest(std::vector<std::string> digests) {
  std::ranges::sort(digests);
  std::string all;
  for (const std::string& digest : digests) all += digest;
  return shortDigest(all);
}

}  // namespace regesta::registry
