#include "blob/store.h"

#include "base/encoding.h"
#include "base/error.h"
#include "crypto/hash.h"

namespace regesta::blob {

bool isDigest(std::string_view text) { return isLowerHex(text, 64); }

Stored put(BlobStore& store, std::string_view bytes) {
  auto writer = store.create();
  writer->write(bytes);
  return writer->commit();
}

std::string get(BlobStore& store, std::string_view digest, std::uint64_t limit) {
  auto reader = store.open(digest);
  if (!reader) throw error(Code::notFound, "no content with the digest {} exists", digest);
  if (reader->size() > limit) {
    throw error(Code::tooLarge, "the content {} has {} bytes, more than the limit of {}", digest, reader->size(),
                limit);
  }
  std::string bytes(reader->size(), '\0');
  std::size_t filled = 0;
  while (filled < bytes.size()) filled += reader->read(filled, std::span(bytes).subspan(filled));
  return bytes;
}

bool verify(BlobStore& store, std::string_view digest) {
  auto reader = store.open(digest);
  if (!reader) return false;
  crypto::Sha256 hash;
  std::vector<char> buffer(1 << 20);
  try {
    for (std::uint64_t at = 0; std::size_t count = reader->read(at, buffer); at += count)
      hash.update({buffer.data(), count});
  } catch (const Error& failure) {
    if (failure.code != Code::corrupt) throw;
    return false;
  }
  return crypto::hex(hash.finish()) == digest;
}

}  // namespace regesta::blob
