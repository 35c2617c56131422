#include "blob/store.h"

#include <algorithm>

#include "base/error.h"
#include "crypto/hash.h"

namespace regesta::blob {

bool isDigest(std::string_view text) {
  return text.size() == 64 &&
         std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

Stored put(BlobStore& store, std::string_view bytes) {
  auto writer = store.create();
  writer->write(bytes);
  return writer->commit();
}

std::string get(BlobStore& store, std::string_view digest, std::uint64_t limit) {
  auto reader = store.open(digest);
  if (!reader) throw error(Code::notFound, "there is no content with the digest {}", digest);
  if (reader->size() > limit) {
    throw error(Code::tooLarge, "the content {} has {} bytes, more than the {} that are read whole", digest,
                reader->size(), limit);
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
  for (std::uint64_t at = 0; std::size_t count = reader->read(at, buffer); at += count)
    hash.update({buffer.data(), count});
  return crypto::hex(hash.finish()) == digest;
}

}  // namespace regesta::blob
