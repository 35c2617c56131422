#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

/// The Xet format, the store's own: content-defined chunks, their keyed BLAKE3 hashes and records (native/src/xet.rs,
/// xorb.rs). Agrees with the packages hf_xet and @huggingface/xetchunk-wasm byte by byte.
namespace regesta::blob::xet {

using Hash = std::array<unsigned char, 32>;

inline constexpr std::size_t smallestChunk = 8 * 1024;  ///< the last of a file may be smaller
inline constexpr std::size_t largestChunk = 128 * 1024;
inline constexpr std::size_t recordHeader = 8;
inline constexpr std::size_t xorbBytes = 64 * 1024 * 1024;
inline constexpr std::size_t xorbChunks = 8192;

/// Xet's own spelling of a hash: four little-endian numbers in hexadecimal.
std::string text(const Hash& hash);
/// Its inverse; all zeros for a text that is not a hash.
Hash hashOf(std::string_view text);
Hash chunkHash(std::string_view chunk);
Hash verificationHash(std::span<const Hash> chunks);
/// The HMAC that hides a chunk's hash from callers who do not have the chunk.
Hash keyedHash(const Hash& key, const Hash& chunk);

/// Finds where chunks end in bytes that arrive in pieces.
class Chunker {
 public:
  Chunker();
  struct Step {
    std::size_t taken = 0;  ///< how many of the bytes belong to the current chunk
    bool ends = false;      ///< whether it ends after them
  };
  Step next(std::string_view bytes);

 private:
  struct Free {
    void operator()(void* chunker) const;
  };
  std::unique_ptr<void, Free> chunker_;
};

/// The Merkle tree over the chunks of a xorb or a file; its memory grows with the logarithm of their number.
class Tree {
 public:
  Tree();
  void add(const Hash& chunk, std::uint64_t length);
  struct Hashes {
    Hash root{};  ///< of a xorb
    Hash file{};  ///< of a file; all zeros when it is empty
  };
  Hashes hashes() const;

 private:
  struct Free {
    void operator()(void* tree) const;
  };
  std::unique_ptr<void, Free> tree_;
};

/// Makes records of chunks. Remembers whether compression has been worth it lately.
class Encoder {
 public:
  Encoder();
  /// Appends the record of one chunk.
  void encode(std::string_view chunk, std::string& records);

 private:
  struct Free {
    void operator()(void* encoder) const;
  };
  std::unique_ptr<void, Free> encoder_;
};

struct RecordLengths {
  std::size_t record = 0;  ///< with its header
  std::size_t chunk = 0;
};
/// Nothing when the bytes do not begin with a record's header.
std::optional<RecordLengths> recordLengths(std::string_view bytes);
/// False when the record is not one of a chunk of exactly `chunk.size()` bytes. Compare its hash afterwards.
bool decode(std::string_view record, std::span<char> chunk);

}  // namespace regesta::blob::xet
