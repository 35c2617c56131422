#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/merkle.h"

/// C2SP tlog-tiles: division of tree and entries into files. Pure.
namespace regesta::ledger {

inline constexpr int tileWidth = 256;   ///< hashes in a full tile, entries in a full bundle
inline constexpr int entryLevel = -1;   ///< level of entry bundles
inline constexpr int highestLevel = 7;  ///< 256^8 leaves do not fit an int64
inline constexpr std::size_t hashBytes = 32;

/// Identifies one file: `width` hashes (or entries) from number * 256 at its level.
struct Tile {
  int level = 0;
  std::int64_t number = 0;
  int width = tileWidth;  ///< 1…256
  bool full() const { return width == tileWidth; }
  auto operator<=>(const Tile&) const = default;
};

/// "tile/0/x001/067", "tile/2/000.p/17", "tile/entries/000.p/5".
std::string tilePath(const Tile& tile);
/// The folder of a tile's partial forms: "tile/0/x001/067.p".
std::string partialFolder(const Tile& tile);
/// Empty for anything that tilePath does not produce.
std::optional<Tile> parseTilePath(std::string_view path);

/// Number of hashes (or entries) of a tree of `size` leaves at `level`.
std::int64_t levelSize(int level, std::int64_t size);
/// Width of a tile in a tree of `size` leaves; 0 if it has no such tile.
int widthIn(int level, std::int64_t number, std::int64_t size);
/// Every tile and bundle of the tree of `to` leaves that differs from, or is missing in, the tree of `from` leaves.
/// Entry bundles come first, then the levels upwards.
std::vector<Tile> tilesBetween(std::int64_t from, std::int64_t to);

/// Entries with their length before them as a 16-bit big-endian number.
std::string encodeBundle(const std::vector<std::string>& entries);
void appendToBundle(std::string& bundle, std::string_view entry);
/// Empty if the bytes are not complete entries.
std::optional<std::vector<std::string_view>> parseBundle(std::string_view bytes);

Hash hashAt(std::string_view hashes, std::size_t position);
/// Root of `count` (a power of two) hashes in a row.
Hash rootOfHashes(std::string_view hashes);

/// Returns a tile's hashes, at least its first tile.width ones, or throws.
using TileReader = std::function<std::string(const Tile& tile)>;
/// Reads tree nodes from tiles. Each tile is read once and cached as long as the returned function.
NodeReader nodesFromTiles(TileReader tiles);

/// The right edge of a growing tree: the last, partial tile of every level.
class TileEdge {
 public:
  struct Change {
    Tile tile;
    std::string hashes;
  };
  TileEdge() = default;
  /// `partial[level]` are the hashes of the last tile of that level, with the width of widthIn() for `size`.
  TileEdge(std::int64_t size, std::vector<std::string> partial) : size_(size), partial_(std::move(partial)) {}

  /// Tiles that become full are appended to `completed`.
  void append(const Hash& leaf, std::vector<Change>& completed);
  std::int64_t size() const { return size_; }
  Hash root() const;
  /// The present partial tiles, without levels that have none.
  std::vector<Change> partials() const;

 private:
  void appendAt(std::size_t level, const Hash& hash, std::vector<Change>& completed);
  std::int64_t size_ = 0;
  std::vector<std::string> partial_;
};

}  // namespace regesta::ledger
