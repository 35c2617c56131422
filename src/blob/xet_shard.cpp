#include "blob/xet_shard.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "base/error.h"

namespace regesta::blob::xet {
namespace {

constexpr std::string_view tag("HFRepoMetaData\0\x55\x69\x67\x45\x6a\x7b\x81\x57\x83\xa5\xbd\xd9\x5c\xcd\xd1\x4a\xa9",
                               32);
constexpr std::uint64_t headerVersion = 2, footerVersion = 1, footerBytes = 200;
constexpr std::uint32_t withVerification = 1U << 31, withMetadata = 1U << 30;
constexpr std::size_t hashBytes = 32;

template <class Number>
Number numberAt(std::string_view record, std::size_t at) {
  std::uint64_t value = 0;
  for (std::size_t i = sizeof(Number); i-- > 0;) value = value << 8 | static_cast<unsigned char>(record[at + i]);
  return static_cast<Number>(value);
}

Hash hashAt(std::string_view record, std::size_t at = 0) {
  Hash hash;
  std::memcpy(hash.data(), record.data() + at, hash.size());
  return hash;
}

[[noreturn]] void refuse(std::string_view why) { throw error(Code::invalid, "the shard {}", why); }

/// The records of a shard after its header.
class Records {
 public:
  explicit Records(std::string_view bytes) : bytes_(bytes) {}
  std::string_view next() {
    if (bytes_.size() < shardRecord) refuse("ends inside a section");
    std::string_view record = bytes_.substr(0, shardRecord);
    bytes_.remove_prefix(shardRecord);
    return record;
  }
  /// Throws unless that number of records is left: counts are claims of the client.
  void require(std::uint64_t count) const {
    if (count > bytes_.size() / shardRecord) refuse("names more entries than it has");
  }
  std::string_view rest() const { return bytes_; }

 private:
  std::string_view bytes_;
};

bool isBookend(std::string_view record) {
  return std::ranges::all_of(record.substr(0, hashBytes), [](char c) { return c == '\xFF'; });
}

ShardFile readFile(std::string_view header, Records& records) {
  auto flags = numberAt<std::uint32_t>(header, 32), count = numberAt<std::uint32_t>(header, 36);
  if ((flags & withVerification) == 0) refuse("has a file without verification hashes");
  records.require(std::uint64_t{count} * 2);
  ShardFile file{hashAt(header), std::vector<Term>(count), std::nullopt};
  for (Term& term : file.terms) {
    std::string_view record = records.next();
    term = {hashAt(record),
            numberAt<std::uint32_t>(record, 36),
            numberAt<std::uint32_t>(record, 40),
            numberAt<std::uint32_t>(record, 44),
            {}};
    if (term.first >= term.after) refuse("has a term without chunks");
  }
  for (Term& term : file.terms) term.verification = hashAt(records.next());
  // A SHA-256 is written like Xet's own hashes.
  if ((flags & withMetadata) != 0) file.sha256 = text(hashAt(records.next()));
  return file;
}

void skipXorbs(Records& records) {
  for (std::string_view header = records.next(); !isBookend(header); header = records.next()) {
    auto count = numberAt<std::uint32_t>(header, 36);
    records.require(count);
    for (std::uint32_t i = 0; i < count; ++i) records.next();
  }
}

template <class Number>
void put(std::string& out, Number number) {
  for (std::size_t i = 0; i < sizeof(Number); ++i)
    out += static_cast<char>(static_cast<std::uint64_t>(number) >> (8 * i) & 0xFF);
}

void put(std::string& out, const Hash& hash) { out.append(reinterpret_cast<const char*>(hash.data()), hash.size()); }

void putBookend(std::string& out) {
  out.append(hashBytes, '\xFF');
  out.append(shardRecord - hashBytes, '\0');
}

std::uint64_t truncated(const Hash& hash) {
  std::uint64_t value = 0;
  std::memcpy(&value, hash.data(), sizeof value);
  return value;
}

}  // namespace

std::vector<ShardFile> readShard(std::string_view shard) {
  if (shard.size() < shardRecord || !shard.starts_with(tag)) refuse("does not begin with the tag of a shard");
  if (auto version = numberAt<std::uint64_t>(shard, 32); version != headerVersion)
    throw error(Code::invalid, "the shard has version {}, and this server reads version {}", version, headerVersion);
  auto footer = numberAt<std::uint64_t>(shard, 40);
  if (footer != 0 && footer != footerBytes) refuse("has a footer of an unknown size");
  Records records(shard.substr(shardRecord));
  std::vector<ShardFile> files;
  for (std::string_view header = records.next(); !isBookend(header); header = records.next())
    files.push_back(readFile(header, records));
  skipXorbs(records);
  if (records.rest().size() < footer) refuse("ends before its footer");
  return files;
}

std::string writeShard(const ShardXorb& xorb, const Hash& key, std::int64_t createdAtSeconds,
                       std::int64_t expiresAtSeconds) {
  std::string out(tag);
  put(out, headerVersion);
  put(out, footerBytes);
  putBookend(out);
  std::uint64_t xorbs = out.size(), unpacked = 0;
  for (const ShardXorb::Chunk& chunk : xorb.chunks) unpacked += chunk.length;
  put(out, xorb.hash);
  put(out, std::uint32_t{0});
  put(out, static_cast<std::uint32_t>(xorb.chunks.size()));
  put(out, static_cast<std::uint32_t>(unpacked));
  put(out, xorb.packedBytes);
  std::vector<std::pair<std::uint64_t, std::uint32_t>> places;
  std::uint32_t start = 0;
  for (const ShardXorb::Chunk& chunk : xorb.chunks) {
    Hash keyed = keyedHash(key, chunk.hash);
    put(out, keyed);
    put(out, start);
    put(out, chunk.length);
    put(out, std::uint64_t{0});
    start += chunk.length;
    places.emplace_back(truncated(keyed), static_cast<std::uint32_t>(places.size()));
  }
  putBookend(out);
  std::ranges::sort(places);
  std::uint64_t lookups = out.size();
  put(out, truncated(xorb.hash));
  put(out, std::uint32_t{0});
  std::uint64_t chunkLookups = out.size();
  for (const auto& [hash, place] : places) {
    put(out, hash);
    put(out, std::uint32_t{0});
    put(out, place);
  }
  std::uint64_t footer = out.size();
  // The lookup table of files is empty; it is where that of xorbs begins.
  for (std::uint64_t number : {footerVersion, std::uint64_t{shardRecord}, xorbs, lookups, std::uint64_t{0}, lookups,
                               std::uint64_t{1}, chunkLookups, std::uint64_t{places.size()}})
    put(out, number);
  put(out, key);
  put(out, createdAtSeconds);
  put(out, expiresAtSeconds);
  out.append(6 * sizeof(std::uint64_t), '\0');
  for (std::uint64_t number : {std::uint64_t{xorb.packedBytes}, std::uint64_t{0}, unpacked, footer}) put(out, number);
  return out;
}

bool isQueried(const Hash& chunk) {
  std::uint64_t value = 0;
  std::memcpy(&value, chunk.data() + 24, sizeof value);
  return value % 1024 == 0;
}

}  // namespace regesta::blob::xet
