#include <zlib.h>

#include <algorithm>
#include <array>
#include <unordered_map>

#include "base/error.h"
#include "base/limits.h"
#include "git/pack.h"

namespace regesta::git {
namespace {

constexpr std::size_t headSize = 12, trailerSize = 20;

enum Kind : unsigned { commit = 1, tree = 2, blob = 3, tag = 4, offsetDelta = 6, idDelta = 7 };

[[noreturn]] void broken(const char* rule) { throw Invalid("pack", rule); }

/// zlib's state, made once for all objects.
class Inflater {
 public:
  Inflater() { REGESTA_INVARIANT(inflateInit(&stream_) == Z_OK); }
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  /// Inflates one object that must give exactly `size` bytes; keeps the first of them in `start`. Returns how many
  /// bytes of `from` it took.
  std::size_t run(std::string_view from, std::uint64_t size, std::string& start) {
    inflateReset(&stream_);
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(from.data()));
    stream_.avail_in = static_cast<uInt>(from.size());
    std::uint64_t produced = 0;
    start.clear();
    for (;;) {
      stream_.next_out = buffer_.data();
      stream_.avail_out = buffer_.size();
      int result = inflate(&stream_, Z_NO_FLUSH);
      std::size_t piece = buffer_.size() - stream_.avail_out;
      if (start.size() < kept) start.append(reinterpret_cast<char*>(buffer_.data()), std::min(piece, kept));
      produced += piece;
      if (produced > size) broken("has an object that is larger than declared");
      if (result == Z_STREAM_END) break;
      if (result != Z_OK || (piece == 0 && stream_.avail_in == 0)) broken("has an object that does not inflate");
    }
    if (produced != size) broken("has an object that is smaller than declared");
    return from.size() - stream_.avail_in;
  }

 private:
  static constexpr std::size_t kept = 32;
  z_stream stream_{};
  std::array<Bytef, 16 * 1024> buffer_;
};

/// Sizes in packs: seven bits a byte, the lowest first.
std::uint64_t readSize(std::string_view& from) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift <= 56; shift += 7) {
    if (from.empty()) broken("ends within a size");
    auto byte = static_cast<unsigned char>(from[0]);
    from.remove_prefix(1);
    value |= std::uint64_t{byte & 0x7Fu} << shift;
    if (!(byte & 0x80)) return value;
  }
  broken("has an invalid size");
}

class Scan {
 public:
  explicit Scan(std::string_view bytes) : bytes_(bytes) {}

  PackFacts run() {
    if (bytes_.size() > limits::gitPack)
      throw error(Code::tooLarge, "the pack is larger than {} bytes", limits::gitPack);
    if (bytes_.size() < headSize + trailerSize || !bytes_.starts_with("PACK")) broken("is not a Git pack");
    std::uint32_t version = number(4);
    if (version != 2 && version != 3) broken("has a version that is not 2");
    facts_.objects = number(8);
    if (facts_.objects > limits::gitObjects)
      throw error(Code::tooLarge, "the pack has more than {} objects", limits::gitObjects);
    at_ = headSize;
    for (std::uint32_t i = 0; i < facts_.objects; ++i) object();
    if (at_ != bytes_.size() - trailerSize) broken("is longer than its objects");
    return facts_;
  }

 private:
  std::uint32_t number(std::size_t at) const {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes_[at + i]);
    return value;
  }

  void object() {
    std::size_t begin = at_;
    std::string_view rest = bytes_.substr(at_, bytes_.size() - trailerSize - at_);
    std::size_t whole = rest.size();
    if (rest.empty()) broken("ends before its last object");
    auto first = static_cast<unsigned char>(rest[0]);
    rest.remove_prefix(1);
    auto kind = static_cast<Kind>(first >> 4 & 7);
    std::uint64_t size = first & 15;
    if (first & 0x80) size |= readSize(rest) << 4;
    if (size > limits::gitObject) tooLarge();
    std::uint32_t depth = 0;
    if (kind == offsetDelta) {
      depth = depthAt(begin, readOffset(rest)) + 1;
      if (depth > limits::gitDeltaDepth) broken("has delta chains that are too long");
      depths_[begin] = depth;
    } else if (kind == idDelta) {
      if (rest.size() < 20) broken("ends within an object");
      rest.remove_prefix(20);
    } else if (kind < commit || kind > tag) {
      broken("has an object of an unknown type");
    }
    rest.remove_prefix(inflater_.run(rest, size, start_));
    count(kind == offsetDelta || kind == idDelta ? deltaResult() : size);
    starts_.push_back(begin);
    at_ += whole - rest.size();
  }

  /// How far back the base is: seven bits a byte, the highest first, each continued one counting one more.
  std::uint64_t readOffset(std::string_view& rest) {
    std::uint64_t value = 0;
    for (int i = 0; i < 8; ++i) {
      if (rest.empty()) broken("ends within an object");
      auto byte = static_cast<unsigned char>(rest[0]);
      rest.remove_prefix(1);
      value = value << 7 | (byte & 0x7Fu);
      if (!(byte & 0x80)) return value;
      ++value;
    }
    broken("has an invalid offset");
  }

  std::uint32_t depthAt(std::size_t begin, std::uint64_t back) const {
    if (back == 0 || back > begin) broken("has a delta to an object outside of it");
    std::size_t base = begin - back;
    if (!std::ranges::binary_search(starts_, base)) broken("has a delta to an offset without an object");
    auto known = depths_.find(base);
    return known == depths_.end() ? 0 : known->second;
  }

  /// A difference begins with the size of what it is applied to and of what comes out.
  std::uint64_t deltaResult() {
    std::string_view head = start_;
    if (readSize(head) > limits::gitObject) tooLarge();
    return readSize(head);
  }

  void count(std::uint64_t size) {
    if (size > limits::gitObject) tooLarge();
    facts_.unpacked += size;
    if (facts_.unpacked > limits::gitUnpacked)
      throw error(Code::tooLarge, "the pack unpacks to more than {} bytes", limits::gitUnpacked);
  }

  [[noreturn]] static void tooLarge() {
    throw error(Code::tooLarge, "the pack has an object of more than {} bytes", limits::gitObject);
  }

  std::string_view bytes_;
  std::size_t at_ = 0;
  PackFacts facts_;
  Inflater inflater_;
  std::string start_;
  std::vector<std::size_t> starts_;                        ///< where objects begin, ascending
  std::unordered_map<std::size_t, std::uint32_t> depths_;  ///< of differences
};

}  // namespace

PackFacts scanPack(std::string_view bytes) { return Scan(bytes).run(); }

}  // namespace regesta::git
