#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "blob/xet.h"

/// The shard of the Xet protocol 1.1: how files are made of runs of chunks of xorbs, and which chunks xorbs have.
/// Everything is in records of 48 bytes, numbers are little-endian.
namespace regesta::blob::xet {

/// A run of chunks of one xorb.
struct Term {
  Hash xorb{};
  std::uint32_t length = 0;            ///< bytes of the chunks
  std::uint32_t first = 0, after = 0;  ///< its chunks, and the one after the last
  Hash verification{};                 ///< over the hashes of its chunks
};

struct ShardFile {
  Hash file{};
  std::vector<Term> terms;
  std::optional<std::string> sha256;  ///< in hexadecimal, as the client claims
};

inline constexpr std::size_t shardRecord = 48;

/// Reads the files of a shard, with or without its footer, and the structure of the rest. Throws Error{invalid} for
/// anything malformed. Memory grows with the shard's own size only.
std::vector<ShardFile> readShard(std::string_view shard);

/// The answer to a query for a chunk: a shard without files and with one xorb, whose chunk hashes are keyed with `key`,
/// so that only who has a chunk can recognize it.
struct ShardXorb {
  Hash hash{};
  std::uint32_t packedBytes = 0;
  struct Chunk {
    Hash hash{};
    std::uint32_t length = 0;
  };
  std::vector<Chunk> chunks;
};
std::string writeShard(const ShardXorb& xorb, const Hash& key, std::int64_t createdAtSeconds,
                       std::int64_t expiresAtSeconds);

/// Whether clients ask about a chunk wherever it is in a file.
bool isQueried(const Hash& chunk);

}  // namespace regesta::blob::xet
