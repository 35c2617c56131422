#include "registry/import_item.h"

#include <algorithm>

#include "base/error.h"
#include "crypto/hash.h"

namespace regesta::registry {

void checkImportSource(std::string_view source) {
  constexpr std::size_t longest = 64;
  auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-'; };
  if (source.empty() || source.size() > longest || source[0] == '.' || source[0] == '-' ||
      !std::ranges::all_of(source, plain))
    throw Invalid("source", "must match ^[a-z0-9][a-z0-9.-]{0,63}$");
}

std::optional<ImportItem> findImportItem(db::Transaction& transaction, std::string_view workspace,
                                         std::string_view source, std::string_view kind, std::string_view id) {
  db::Rows rows = transaction.query(
      "SELECT target, digest FROM import_item WHERE workspace = $1 AND source = $2 AND kind = $3 AND item = $4",
      {workspace, source, kind, id});
  if (!rows.next()) return std::nullopt;
  return ImportItem{std::string(kind), std::string(id), rows.text(0), rows.text(1)};
}

std::vector<ImportItem> listImportItems(db::Transaction& transaction, std::string_view workspace,
                                        std::string_view source, std::string_view kind, std::string_view after,
                                        std::size_t limit) {
  std::vector<ImportItem> items;
  db::Rows rows = transaction.query(
      "SELECT item, target, digest FROM import_item WHERE workspace = $1 AND source = $2 AND kind = $3 AND item > $4 "
      "ORDER BY item LIMIT $5",
      {workspace, source, kind, after, limit});
  while (rows.next()) items.push_back({std::string(kind), rows.text(0), rows.text(1), rows.text(2)});
  return items;
}

void putImportItem(Change& change, std::string_view workspace, std::string_view source, const ImportItem& item) {
  change.transaction.run(
      "INSERT INTO import_item (workspace, source, kind, item, target, digest, imported_at) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (workspace, source, kind, item) DO UPDATE SET "
      "target = excluded.target, digest = excluded.digest, imported_at = excluded.imported_at",
      {workspace, source, item.kind, item.id, item.target, item.digest, change.now});
}

std::vector<ImportCount> countImportItems(db::Transaction& transaction, std::string_view workspace,
                                          std::string_view source) {
  std::vector<ImportCount> counts;
  db::Rows rows = transaction.query(
      "SELECT kind, COUNT(*), SUM(CASE WHEN digest = '' THEN 1 ELSE 0 END) FROM import_item "
      "WHERE workspace = $1 AND source = $2 GROUP BY kind ORDER BY kind",
      {workspace, source});
  while (rows.next()) counts.push_back({rows.text(0), rows.integer(1), rows.integer(2)});
  return counts;
}

std::string digestOfImport(db::Transaction& transaction, std::string_view workspace, std::string_view source) {
  crypto::Sha256 hash;
  db::Rows rows = transaction.query(
      "SELECT kind, item, target, digest FROM import_item WHERE workspace = $1 AND source = $2 ORDER BY kind, item",
      {workspace, source});
  while (rows.next()) hash.update(fmt::format("{} {} {} {}\n", rows.view(0), rows.view(1), rows.view(2), rows.view(3)));
  return crypto::hex(hash.finish());
}

std::vector<ImportSource> listImportSources(db::Transaction& transaction, std::string_view workspace) {
  std::vector<ImportSource> sources;
  db::Rows rows = transaction.query(
      "SELECT source, COUNT(*), MAX(imported_at) FROM import_item WHERE workspace = $1 GROUP BY source ORDER BY source",
      {workspace});
  while (rows.next()) sources.push_back({rows.text(0), rows.integer(1), rows.integer(2)});
  return sources;
}

}  // namespace regesta::registry
