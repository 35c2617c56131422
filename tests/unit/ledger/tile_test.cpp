#include "ledger/tile.h"

#include <gtest/gtest.h>

namespace regesta::ledger {
namespace {

TEST(Tile, Paths) {
  EXPECT_EQ(tilePath({0, 5, 256}), "tile/0/005");
  EXPECT_EQ(tilePath({0, 1'234'067, 256}), "tile/0/x001/x234/067");
  EXPECT_EQ(tilePath({1, 1000, 17}), "tile/1/x001/000.p/17");
  EXPECT_EQ(tilePath({entryLevel, 273, 112}), "tile/entries/273.p/112");
  for (Tile tile : {Tile{0, 0, 256}, Tile{7, 999, 1}, Tile{3, 1000, 255}, Tile{entryLevel, 123'456'789'012, 256},
                    Tile{63, 7, 256}}) {
    EXPECT_EQ(parseTilePath(tilePath(tile)), tile);
  }
}

TEST(Tile, OtherSpellingsAreNoPaths) {
  for (const char* path : {"",
                           "tile",
                           "tile/0",
                           "tile/0/",
                           "tile/0/5",
                           "tile/0/0005",
                           "tile/0/x000/005",
                           "tile/00/005",
                           "tile/64/005",
                           "tile/-1/005",
                           "tile/0/005.p/0",
                           "tile/0/005.p/256",
                           "tile/0/005.p/01",
                           "tile/0/005.p/",
                           "tile/0/005.p",
                           "tile/0/001/067",
                           "tile/0/x001/x067",
                           "tile/0/../005",
                           "tile/entries/00a",
                           "tile/0/+05",
                           "tile/x/005",
                           "/tile/0/005",
                           "tile/0/005/",
                           "tile/0//005",
                           "tile/0/x001/067.p/1/2",
                           "tile/0/x001/x001/x001/x001/x001/x001/x001/001",
                           "tile/0/005.p/+1"}) {
    EXPECT_EQ(parseTilePath(path), std::nullopt) << path;
  }
}

// The example of the C2SP specification.
TEST(Tile, CoordinatesOf70000) {
  auto tiles = tilesBetween(0, 70'000);
  std::map<int, std::pair<int, int>> seen;  // level → full tiles, width of the partial one
  for (const Tile& tile : tiles) {
    EXPECT_EQ(tile.width, widthIn(tile.level, tile.number, 70'000));
    if (tile.full())
      ++seen[tile.level].first;
    else
      seen[tile.level].second = tile.width;
  }
  std::map<int, std::pair<int, int>> expected{{entryLevel, {273, 112}}, {0, {273, 112}}, {1, {1, 17}}, {2, {0, 1}}};
  EXPECT_EQ(seen, expected);
  EXPECT_EQ(widthIn(0, 274, 70'000), 0);
  EXPECT_EQ(widthIn(0, -1, 70'000), 0);
  EXPECT_EQ(widthIn(1, 2, 70'000), 0);
  EXPECT_EQ(widthIn(0, 1, 256), 0);
  EXPECT_EQ(widthIn(0, 0, 256), 256);
}

TEST(Tile, OnlyWhatChangedIsBetween) {
  EXPECT_TRUE(tilesBetween(300, 300).empty());
  EXPECT_EQ(tilesBetween(300, 301), (std::vector<Tile>{{entryLevel, 1, 45}, {0, 1, 45}}));
  EXPECT_EQ(tilesBetween(511, 513),
            (std::vector<Tile>{{entryLevel, 1, 256}, {entryLevel, 2, 1}, {0, 1, 256}, {0, 2, 1}, {1, 0, 2}}));
  EXPECT_EQ(tilesBetween(256, 257), (std::vector<Tile>{{entryLevel, 1, 1}, {0, 1, 1}}));
}

TEST(Tile, Bundles) {
  std::vector<std::string> entries = {"", "a", std::string(65'535, 'x'), std::string("\0\n", 2)};
  std::string bundle = encodeBundle(entries);
  EXPECT_EQ(bundle.size(), 8u + 65'538);
  auto parsed = parseBundle(bundle);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(std::vector<std::string>(parsed->begin(), parsed->end()), entries);
  for (std::size_t cut : {1u, 3u, 4u, 5u, 100u, 65'540u})
    EXPECT_FALSE(parseBundle(bundle.substr(0, cut)) && parseBundle(bundle.substr(0, cut))->size() == 4) << cut;
  EXPECT_FALSE(parseBundle(bundle + "\x01"));
  EXPECT_FALSE(parseBundle(encodeBundle(std::vector<std::string>(257, "e")))) << "more than a tile holds";
  EXPECT_TRUE(parseBundle("")->empty());
}

TEST(Tile, TheEdgeMakesTheTilesOfTheWholeTree) {
  TileEdge edge;
  CompactRange range;
  std::map<Tile, std::string> tiles;
  std::vector<TileEdge::Change> completed;
  for (int i = 0; i < 70'000; ++i) {
    Hash leaf = leafHash(std::to_string(i));
    edge.append(leaf, completed);
    range.append(leaf);
    if (i % 997 == 0 || i == 65'535 || i == 65'536) {
      EXPECT_EQ(edge.root(), range.root()) << i;
    }
  }
  for (auto& change : completed) tiles[change.tile] = change.hashes;
  for (auto& change : edge.partials()) tiles[change.tile] = change.hashes;
  auto expected = tilesBetween(0, 70'000);
  std::erase_if(expected, [](const Tile& tile) { return tile.level == entryLevel; });
  ASSERT_EQ(tiles.size(), expected.size());
  for (const Tile& tile : expected)
    EXPECT_EQ(tiles.at(tile).size(), static_cast<std::size_t>(tile.width) * 32) << tilePath(tile);
  // Proofs out of tiles, and few tiles for each.
  int reads = 0;
  auto reader = [&](const Tile& tile) {
    ++reads;
    for (int width : {256, widthIn(tile.level, tile.number, 70'000)}) {
      if (auto found = tiles.find({tile.level, tile.number, width}); found != tiles.end()) return found->second;
    }
    return std::string();
  };
  for (std::int64_t index : {0, 255, 256, 65'535, 65'536, 69'887, 69'888, 69'999}) {
    reads = 0;
    auto proof = inclusionProof(index, 70'000, nodesFromTiles(reader));
    EXPECT_LE(reads, 6);
    EXPECT_TRUE(verifyInclusion(leafHash(std::to_string(index)), index, 70'000, proof, range.root())) << index;
  }
  // Taken up again from its partial tiles, the edge goes on as before.
  std::vector<std::string> partial;
  for (auto& change : edge.partials()) partial.push_back(change.hashes);
  TileEdge again(70'000, partial);
  for (int i = 0; i < 300; ++i) {
    again.append(leafHash("more"), completed);
    range.append(leafHash("more"));
  }
  EXPECT_EQ(again.root(), range.root());
}

}  // namespace
}  // namespace regesta::ledger
