#include "registry/asset_search.h"

#include <array>

#include "base/text.h"
#include "registry/rows.h"

namespace regesta::registry {
namespace {

constexpr std::size_t mostWords = 4;  // the statement has a place for each

/// A LIKE pattern in which the text's own wildcards mean themselves; '\\' is the escape.
std::string escaped(std::string_view text) {
  std::string pattern;
  for (char c : text) {
    if (c == '%' || c == '_' || c == '\\') pattern += '\\';
    pattern += c;
  }
  return pattern;
}

/// The condition that the word bound to `$place` is part of what describes the asset.
std::string mentions(int place) {
  return fmt::format(
      "(LOWER(a.name) LIKE LOWER(${0}) ESCAPE '\\' OR LOWER(a.description) LIKE LOWER(${0}) ESCAPE '\\' OR EXISTS "
      "(SELECT 1 FROM asset_tag t WHERE t.asset = a.id AND LOWER(t.key || '=' || t.value) LIKE LOWER(${0}) ESCAPE "
      "'\\'))",
      place);
}

}  // namespace

std::vector<std::string> searchWords(std::string_view text) {
  std::vector<std::string> words;
  for (std::string_view word : split(text, ' '))
    if (word = trim(word); !word.empty() && words.size() < mostWords) words.emplace_back(word);
  return words;
}

std::vector<Asset> searchAssets(db::Transaction& transaction, std::string_view workspace, Kind kind,
                                const AssetSearch& search, std::size_t limit) {
  static const std::string statement = fmt::format(
      "SELECT {} FROM asset a WHERE a.workspace = $1 AND a.kind = $2 AND a.name > $3 AND {} AND {} AND {} AND {} AND "
      "($8 = '' OR EXISTS (SELECT 1 FROM alias p WHERE p.asset = a.id AND LOWER(p.name) LIKE LOWER($8) ESCAPE '\\')) "
      "ORDER BY a.name LIMIT $9",
      rows::assetColumns, mentions(4), mentions(5), mentions(6), mentions(7));
  std::array<std::string, mostWords> patterns;
  patterns.fill("%");
  for (std::size_t i = 0; i < std::min(search.words.size(), mostWords); ++i)
    patterns[i] = "%" + escaped(search.words[i]) + "%";
  std::string alias = search.aliasPrefix.empty() ? "" : escaped(search.aliasPrefix) + "%";
  std::vector<Asset> found;
  {
    db::Rows rows = transaction.query(statement, {workspace, kindName(kind), search.nameAfter, patterns[0], patterns[1],
                                                  patterns[2], patterns[3], alias, limit});
    while (rows.next()) found.push_back(rows::asset(rows, 0));
  }
  for (Asset& asset : found) asset.tags = rows::assetTags(transaction, asset.id);
  return found;
}

}  // namespace regesta::registry
