#include "ledger/tile.h"

#include <algorithm>
#include <map>
#include <memory>

#include "base/error.h"
#include "base/limits.h"
#include "base/text.h"

namespace regesta::ledger {
namespace {

std::string numberPath(std::int64_t number) {
  std::string path = fmt::format("{:03}", number % 1000);
  while ((number /= 1000) > 0) path = fmt::format("x{:03}/{}", number % 1000, path);
  return path;
}

/// A run of digits without sign or leading zero.
std::optional<std::int64_t> plainNumber(std::string_view text) {
  if (text.empty() || (text.size() > 1 && text[0] == '0') || text[0] == '-' || text[0] == '+') return std::nullopt;
  return parseInteger(text);
}

std::string fullPath(const Tile& tile) {
  std::string level = tile.level == entryLevel ? "entries" : std::to_string(tile.level);
  return fmt::format("tile/{}/{}", level, numberPath(tile.number));
}

std::optional<std::int64_t> parseNumberPath(const std::vector<std::string_view>& groups) {
  if (groups.empty() || groups.size() > 6) return std::nullopt;
  std::int64_t number = 0;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    std::string_view group = groups[i];
    if (i + 1 < groups.size()) {
      if (!group.starts_with('x')) return std::nullopt;
      group.remove_prefix(1);
    }
    if (group.size() != 3 || !std::ranges::all_of(group, [](char c) { return c >= '0' && c <= '9'; }))
      return std::nullopt;
    number = number * 1000 + *parseInteger(group);
  }
  return number;
}

}  // namespace

std::string tilePath(const Tile& tile) {
  return tile.full() ? fullPath(tile) : fmt::format("{}/{}", partialFolder(tile), tile.width);
}

std::string partialFolder(const Tile& tile) { return fullPath(tile) + ".p"; }

std::optional<Tile> parseTilePath(std::string_view path) {
  std::vector<std::string_view> parts = split(path, '/');
  if (parts.size() < 3 || parts[0] != "tile") return std::nullopt;
  Tile tile;
  if (parts[1] == "entries") {
    tile.level = entryLevel;
  } else {
    auto level = plainNumber(parts[1]);
    if (!level || *level > 63) return std::nullopt;
    tile.level = static_cast<int>(*level);
  }
  parts.erase(parts.begin(), parts.begin() + 2);
  if (parts.size() >= 2 && parts[parts.size() - 2].ends_with(".p")) {
    auto width = plainNumber(parts.back());
    if (!width || *width < 1 || *width >= tileWidth) return std::nullopt;
    tile.width = static_cast<int>(*width);
    parts.pop_back();
    parts.back().remove_suffix(2);
  }
  auto number = parseNumberPath(parts);
  if (!number) return std::nullopt;
  tile.number = *number;
  // Only the one canonical spelling, so that x000/005 is not a second name of 005.
  return tilePath(tile) == path ? std::optional(tile) : std::nullopt;
}

std::int64_t levelSize(int level, std::int64_t size) {
  if (level > highestLevel) return 0;
  return level == entryLevel ? size : size >> (8 * level);
}

int widthIn(int level, std::int64_t number, std::int64_t size) {
  std::int64_t count = levelSize(level, size);
  if (number < 0 || number > count / tileWidth) return 0;
  return static_cast<int>(std::min<std::int64_t>(tileWidth, count - number * tileWidth));
}

std::vector<Tile> tilesBetween(std::int64_t from, std::int64_t to) {
  std::vector<Tile> tiles;
  for (int level = entryLevel; level <= highestLevel; ++level) {
    std::int64_t old = levelSize(level, from), now = levelSize(level, to);
    if (now == old) continue;
    for (std::int64_t number = old / tileWidth; number * tileWidth < now; ++number) {
      tiles.push_back({level, number, widthIn(level, number, to)});
    }
  }
  return tiles;
}

void appendToBundle(std::string& bundle, std::string_view entry) {
  REGESTA_INVARIANT(entry.size() <= limits::ledgerEntry);
  bundle.push_back(static_cast<char>(entry.size() >> 8));
  bundle.push_back(static_cast<char>(entry.size() & 0xff));
  bundle.append(entry);
}

std::string encodeBundle(const std::vector<std::string>& entries) {
  std::string bundle;
  for (const auto& entry : entries) appendToBundle(bundle, entry);
  return bundle;
}

std::optional<std::vector<std::string_view>> parseBundle(std::string_view bytes) {
  std::vector<std::string_view> entries;
  while (!bytes.empty()) {
    if (bytes.size() < 2 || entries.size() == tileWidth) return std::nullopt;
    std::size_t length = static_cast<unsigned char>(bytes[0]) * 256u + static_cast<unsigned char>(bytes[1]);
    if (bytes.size() - 2 < length) return std::nullopt;
    entries.push_back(bytes.substr(2, length));
    bytes.remove_prefix(2 + length);
  }
  return entries;
}

Hash hashAt(std::string_view hashes, std::size_t position) {
  REGESTA_INVARIANT((position + 1) * hashBytes <= hashes.size());
  Hash hash;
  std::copy_n(hashes.data() + position * hashBytes, hashBytes, hash.begin());
  return hash;
}

Hash rootOfHashes(std::string_view hashes) {
  std::vector<Hash> row(hashes.size() / hashBytes);
  for (std::size_t i = 0; i < row.size(); ++i) row[i] = hashAt(hashes, i);
  for (; row.size() > 1; row.resize(row.size() / 2)) {
    for (std::size_t i = 0; i + 1 < row.size(); i += 2) row[i / 2] = nodeHash(row[i], row[i + 1]);
  }
  return row.at(0);
}

NodeReader nodesFromTiles(TileReader tiles) {
  auto kept = std::make_shared<std::map<std::pair<int, std::int64_t>, std::string>>();
  return [tiles = std::move(tiles), kept](int height, std::int64_t number) {
    int level = height / 8;
    std::size_t count = std::size_t{1} << (height % 8);
    std::int64_t first = number << (height % 8);
    std::int64_t tile = first / tileWidth;
    std::size_t position = static_cast<std::size_t>(first % tileWidth), end = position + count;
    std::string& hashes = (*kept)[{level, tile}];
    if (hashes.size() < end * hashBytes) hashes = tiles({level, tile, static_cast<int>(end)});
    REGESTA_INVARIANT(hashes.size() >= end * hashBytes);
    return rootOfHashes(std::string_view(hashes).substr(position * hashBytes, count * hashBytes));
  };
}

void TileEdge::append(const Hash& leaf, std::vector<Change>& completed) {
  appendAt(0, leaf, completed);
  ++size_;
}

void TileEdge::appendAt(std::size_t level, const Hash& hash, std::vector<Change>& completed) {
  if (partial_.size() <= level) partial_.resize(level + 1);
  std::string& hashes = partial_[level];
  hashes.append(crypto::view(hash));
  if (hashes.size() < tileWidth * hashBytes) return;
  std::int64_t number = (size_ + 1) / tileWidth;
  for (std::size_t i = 0; i < level; ++i) number /= tileWidth;
  Hash above = rootOfHashes(hashes);
  completed.push_back({{static_cast<int>(level), number - 1, tileWidth}, std::move(hashes)});
  partial_[level].clear();
  appendAt(level + 1, above, completed);
}

Hash TileEdge::root() const {
  return treeRoot(
      size_, nodesFromTiles([this](const Tile& tile) { return partial_.at(static_cast<std::size_t>(tile.level)); }));
}

std::vector<TileEdge::Change> TileEdge::partials() const {
  std::vector<Change> changes;
  for (std::size_t level = 0; level < partial_.size(); ++level) {
    if (partial_[level].empty()) continue;
    std::int64_t count = levelSize(static_cast<int>(level), size_);
    changes.push_back(
        {{static_cast<int>(level), count / tileWidth, static_cast<int>(count % tileWidth)}, partial_[level]});
  }
  return changes;
}

}  // namespace regesta::ledger
