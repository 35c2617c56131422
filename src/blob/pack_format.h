#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "blob/xet.h"

/// The pack file: the records of a xorb, as Xet serializes them, then a footer that makes the file self-describing.
///
///   records   one record per chunk (native/src/xorb.rs)
///   chunks    per chunk: hash (32), end of its record in the file (u32), length of the chunk (u32)
///   objects   per object whose upload this pack completed: SHA-256 (32), Xet file hash (32), size (u64), time in
///             milliseconds (u64), number of extents (u32), and per extent: pack (16), first chunk (u32), chunks (u32)
///   trailer   Merkle root of the chunks (32), bytes of records, chunks part and objects part (u32 each), number of
///             chunks and of objects (u32 each), SHA-256 of the footer up to here (32), magic (8)
///
/// Numbers are little-endian. A pack is written once and never changed.
namespace regesta::blob {

/// 128 random bits in lower-case hexadecimal: the file name of a pack.
using PackName = std::string;
bool isPackName(std::string_view text);

struct ChunkEntry {
  xet::Hash hash{};
  std::uint32_t end = 0;     ///< where its record ends in the pack
  std::uint32_t length = 0;  ///< of the chunk itself
};

/// A run of chunks of one pack.
struct Extent {
  PackName pack;
  std::uint32_t first = 0;
  std::uint32_t count = 0;
};

/// What a pack says about an object: enough to rebuild the index from the packs alone.
struct ObjectRecord {
  std::string digest;  ///< SHA-256 in hexadecimal
  xet::Hash xet{};
  std::uint64_t size = 0;
  std::int64_t writtenAt = 0;  ///< the newest record of a digest whose packs are all there is the valid one
  std::vector<Extent> extents;
};

struct PackFooter {
  xet::Hash root{};
  std::vector<ChunkEntry> chunks;
  std::vector<ObjectRecord> objects;
  std::uint32_t start(std::size_t chunk) const { return chunk == 0 ? 0 : chunks[chunk - 1].end; }
};

inline constexpr std::size_t trailerBytes = 32 + 5 * 4 + 32 + 8;
/// The footer with its trailer; it follows the records.
std::string writeFooter(const PackFooter& footer);
/// How many bytes at the end of the pack hold the footer, as the trailer says. Nothing if it is not a trailer.
std::optional<std::uint64_t> footerBytes(std::string_view trailer);
/// `bytes`: footer and trailer. Nothing when they are damaged.
std::optional<PackFooter> readFooter(std::string_view bytes);

}  // namespace regesta::blob
