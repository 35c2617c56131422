#include "blob/pack_format.h"

#include <algorithm>
#include <cstring>

#include "base/encoding.h"
#include "crypto/hash.h"

namespace regesta::blob {
namespace {

constexpr std::string_view magic = "REGPACK1";
constexpr std::size_t chunkBytes = 32 + 4 + 4, extentBytes = 16 + 4 + 4;

template <class Number>
void put(std::string& out, Number number) {
  for (std::size_t i = 0; i < sizeof(Number); ++i)
    out += static_cast<char>(static_cast<std::uint64_t>(number) >> (8 * i) & 0xFF);
}

std::string_view bytesOf(const xet::Hash& hash) { return {reinterpret_cast<const char*>(hash.data()), hash.size()}; }

/// Reads forward; bytes beyond the end are zero and make the cursor bad.
class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : bytes_(bytes) {}
  bool good() const { return good_; }
  std::size_t left() const { return bytes_.size(); }
  std::string_view take(std::size_t count) {
    if (count > bytes_.size()) {
      good_ = false;
      return {};
    }
    std::string_view taken = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return taken;
  }
  template <class Number>
  Number number() {
    std::uint64_t value = 0;
    std::string_view raw = take(sizeof(Number));
    for (std::size_t i = raw.size(); i-- > 0;) value = value << 8 | static_cast<unsigned char>(raw[i]);
    return static_cast<Number>(value);
  }
  xet::Hash hash() {
    xet::Hash out{};
    std::string_view raw = take(out.size());
    std::copy(raw.begin(), raw.end(), out.begin());
    return out;
  }

 private:
  std::string_view bytes_;
  bool good_ = true;
};

struct Trailer {
  xet::Hash root{};
  std::uint32_t records = 0, chunksPart = 0, objectsPart = 0, chunks = 0, objects = 0;
  std::string check;
};

std::optional<Trailer> readTrailer(std::string_view bytes) {
  if (bytes.size() < trailerBytes || !bytes.ends_with(magic)) return std::nullopt;
  Cursor cursor(bytes.substr(bytes.size() - trailerBytes));
  Trailer trailer;
  trailer.root = cursor.hash();
  for (std::uint32_t* number :
       {&trailer.records, &trailer.chunksPart, &trailer.objectsPart, &trailer.chunks, &trailer.objects})
    *number = cursor.number<std::uint32_t>();
  trailer.check = cursor.take(32);
  if (trailer.chunks > xet::xorbChunks || trailer.chunksPart != trailer.chunks * chunkBytes) return std::nullopt;
  return trailer;
}

bool readObjects(Cursor& cursor, std::uint32_t count, std::vector<ObjectRecord>& objects) {
  for (std::uint32_t i = 0; i < count; ++i) {
    ObjectRecord object;
    object.digest = hexEncode(cursor.take(32));
    object.xet = cursor.hash();
    object.size = cursor.number<std::uint64_t>();
    object.writtenAt = cursor.number<std::int64_t>();
    auto extents = cursor.number<std::uint32_t>();
    if (!cursor.good() || extents > cursor.left() / extentBytes) return false;
    for (std::uint32_t each = 0; each < extents; ++each) {
      Extent extent{hexEncode(cursor.take(16)), 0, 0};
      extent.first = cursor.number<std::uint32_t>();
      extent.count = cursor.number<std::uint32_t>();
      object.extents.push_back(std::move(extent));
    }
    objects.push_back(std::move(object));
  }
  return cursor.good() && cursor.left() == 0;
}

}  // namespace

bool isPackName(std::string_view text) { return isLowerHex(text, 32); }

std::string writeFooter(const PackFooter& footer) {
  std::string out;
  for (const ChunkEntry& chunk : footer.chunks) {
    out += bytesOf(chunk.hash);
    put(out, chunk.end);
    put(out, chunk.length);
  }
  std::size_t chunksPart = out.size();
  for (const ObjectRecord& object : footer.objects) {
    out += hexDecode(object.digest).value_or("");
    out += bytesOf(object.xet);
    put(out, object.size);
    put(out, object.writtenAt);
    put(out, static_cast<std::uint32_t>(object.extents.size()));
    for (const Extent& extent : object.extents) {
      out += hexDecode(extent.pack).value_or("");
      put(out, extent.first);
      put(out, extent.count);
    }
  }
  std::size_t objectsPart = out.size() - chunksPart;
  out += bytesOf(footer.root);
  for (std::size_t number : {static_cast<std::size_t>(footer.start(footer.chunks.size())), chunksPart, objectsPart,
                             footer.chunks.size(), footer.objects.size()})
    put(out, static_cast<std::uint32_t>(number));
  out += crypto::view(crypto::sha256(out));
  out += magic;
  return out;
}

std::optional<std::uint64_t> footerBytes(std::string_view trailer) {
  auto read = readTrailer(trailer);
  if (!read) return std::nullopt;
  return std::uint64_t{read->chunksPart} + read->objectsPart + trailerBytes;
}

std::optional<PackFooter> readFooter(std::string_view bytes) {
  auto trailer = readTrailer(bytes);
  if (!trailer || bytes.size() != std::uint64_t{trailer->chunksPart} + trailer->objectsPart + trailerBytes)
    return std::nullopt;
  std::string_view checked = bytes.substr(0, bytes.size() - magic.size() - 32);
  if (crypto::view(crypto::sha256(checked)) != trailer->check) return std::nullopt;
  PackFooter footer{trailer->root, {}, {}};
  footer.chunks.reserve(trailer->chunks);
  Cursor cursor(bytes.substr(0, trailer->chunksPart + trailer->objectsPart));
  for (std::uint32_t i = 0; i < trailer->chunks; ++i) {
    ChunkEntry chunk{cursor.hash(), 0, 0};
    chunk.end = cursor.number<std::uint32_t>();
    chunk.length = cursor.number<std::uint32_t>();
    if (chunk.end < footer.start(i) + xet::recordHeader || chunk.length > xet::largestChunk) return std::nullopt;
    footer.chunks.push_back(chunk);
  }
  if (footer.start(trailer->chunks) != trailer->records) return std::nullopt;
  if (!readObjects(cursor, trailer->objects, footer.objects)) return std::nullopt;
  return footer;
}

}  // namespace regesta::blob
