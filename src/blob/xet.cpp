#include "blob/xet.h"

#include "base/encoding.h"
#include "base/error.h"
#include "regesta_native.h"

namespace regesta::blob::xet {
namespace {

const std::uint8_t* raw(std::string_view bytes) { return reinterpret_cast<const std::uint8_t*>(bytes.data()); }
std::uint8_t* raw(char* bytes) { return reinterpret_cast<std::uint8_t*>(bytes); }

}  // namespace

std::string text(const Hash& hash) {
  std::string digits;
  for (std::size_t part = 0; part < hash.size(); part += 8)
    for (std::size_t byte = 8; byte-- > 0;) digits += fmt::format("{:02x}", hash[part + byte]);
  return digits;
}

Hash hashOf(std::string_view text) {
  Hash hash{};
  auto bytes = hexDecode(text);
  if (!bytes || bytes->size() != hash.size()) return hash;
  for (std::size_t i = 0; i < hash.size(); ++i) hash[i] = static_cast<unsigned char>((*bytes)[i / 8 * 8 + 7 - i % 8]);
  return hash;
}

Hash chunkHash(std::string_view chunk) {
  Hash hash;
  regesta_chunk_hash(raw(chunk), chunk.size(), hash.data());
  return hash;
}

Hash verificationHash(std::span<const Hash> chunks) {
  static_assert(sizeof(Hash) == 32);
  Hash hash;
  regesta_verification_hash(chunks.empty() ? nullptr : chunks.front().data(), chunks.size(), hash.data());
  return hash;
}

Hash keyedHash(const Hash& key, const Hash& chunk) {
  Hash hash;
  if (regesta_blake3(key.data(), chunk.data(), chunk.size(), hash.data()) != REGESTA_OK)
    throw Error(Code::internal, "a hash could not be computed");
  return hash;
}

void Chunker::Free::operator()(void* chunker) const { regesta_chunker_free(static_cast<RegestaChunker*>(chunker)); }
Chunker::Chunker() : chunker_(regesta_chunker_new()) {}

Chunker::Step Chunker::next(std::string_view bytes) {
  int ends = 0;
  std::size_t taken =
      regesta_chunker_next(static_cast<RegestaChunker*>(chunker_.get()), raw(bytes), bytes.size(), &ends);
  if (taken == 0 && !bytes.empty()) throw Error(Code::internal, "the chunker failed");
  return {taken, ends != 0};
}

void Tree::Free::operator()(void* tree) const { regesta_tree_free(static_cast<RegestaTree*>(tree)); }
Tree::Tree() : tree_(regesta_tree_new()) {}

void Tree::add(const Hash& chunk, std::uint64_t length) {
  regesta_tree_add(static_cast<RegestaTree*>(tree_.get()), chunk.data(), length);
}

Tree::Hashes Tree::hashes() const {
  Hashes hashes;
  regesta_tree_hashes(static_cast<const RegestaTree*>(tree_.get()), hashes.root.data(), hashes.file.data());
  return hashes;
}

void Encoder::Free::operator()(void* encoder) const { regesta_encoder_free(static_cast<RegestaEncoder*>(encoder)); }
Encoder::Encoder() : encoder_(regesta_encoder_new()) {}

void Encoder::encode(std::string_view chunk, std::string& records) {
  std::size_t before = records.size();
  records.resize(before + chunk.size() + recordHeader);
  std::size_t size = regesta_chunk_encode(static_cast<RegestaEncoder*>(encoder_.get()), raw(chunk), chunk.size(),
                                          raw(records.data() + before));
  records.resize(before + size);
  if (size == 0) throw Error(Code::internal, "the chunk's record could not be made");
}

std::optional<RecordLengths> recordLengths(std::string_view bytes) {
  std::size_t packed = 0, length = 0;
  if (regesta_chunk_header(raw(bytes), bytes.size(), &packed, &length) != REGESTA_OK) return std::nullopt;
  return RecordLengths{recordHeader + packed, length};
}

bool decode(std::string_view record, std::span<char> chunk) {
  return regesta_chunk_decode(raw(record), record.size(), raw(chunk.data()), chunk.size()) == REGESTA_OK;
}

}  // namespace regesta::blob::xet
