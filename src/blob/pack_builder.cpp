#include "blob/pack_builder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>

#include "base/error.h"
#include "base/id.h"

namespace regesta::blob {

namespace {
/// After this many bytes the kernel is asked to begin writing, so that the fsync of a pack does not stall everyone.
constexpr std::uint64_t writebackStep = 8 * 1024 * 1024;
}  // namespace

Spool::Spool(const std::string& folder)
    : path_(fmt::format("{}/{}", folder, randomHex(16))), handle_(file::createFile(path_)) {
  ::flock(handle_.get(), LOCK_EX | LOCK_NB);
}

Spool::~Spool() {
  if (!path_.empty()) ::unlink(path_.c_str());
}

void Spool::write(std::string_view bytes) {
  file::writeAll(handle_, path_, bytes);
  size_ += bytes.size();
  if (size_ - flushed_ < writebackStep) return;
  ::sync_file_range(handle_.get(), static_cast<off_t>(flushed_), static_cast<off_t>(size_ - flushed_),
                    SYNC_FILE_RANGE_WRITE);
  flushed_ = size_;
}

void removeStaleSpools(const std::string& folder) {
  std::error_code failure;
  for (const auto& entry : std::filesystem::directory_iterator(folder, failure)) {
    std::string path = entry.path().string();
    file::Handle handle = file::openFile(path);
    if (handle && ::flock(handle.get(), LOCK_EX | LOCK_NB) == 0) ::unlink(path.c_str());
  }
}

std::size_t HashOf::operator()(const xet::Hash& hash) const {
  std::size_t value = 0;
  std::memcpy(&value, hash.data(), sizeof value);
  return value;
}

PackBuilder::PackBuilder(std::string folder) : folder_(std::move(folder)), name_(randomHex(16)) {}

bool PackBuilder::hasRoom() const {
  return footer_.chunks.size() < xet::xorbChunks && bytes() + xet::largestChunk + xet::recordHeader <= xet::xorbBytes;
}

std::optional<std::uint32_t> PackBuilder::find(const xet::Hash& hash) const {
  auto found = places_.find(hash);
  return found == places_.end() ? std::nullopt : std::optional(found->second);
}

std::uint32_t PackBuilder::add(const xet::Hash& hash, std::string_view chunk) {
  std::size_t before = records_.size(), start = bytes();
  encoder_.encode(chunk, records_);
  auto place = static_cast<std::uint32_t>(footer_.chunks.size());
  footer_.chunks.push_back(
      {hash, static_cast<std::uint32_t>(start + records_.size() - before), static_cast<std::uint32_t>(chunk.size())});
  places_.emplace(hash, place);
  tree_.add(hash, chunk.size());
  if (records_.size() >= memoryBytes) flush();
  return place;
}

std::uint32_t PackBuilder::addRecord(const ChunkEntry& chunk, std::string_view record) {
  auto place = static_cast<std::uint32_t>(footer_.chunks.size());
  auto end = static_cast<std::uint32_t>(bytes() + record.size());
  footer_.chunks.push_back({chunk.hash, end, chunk.length});
  places_.emplace(chunk.hash, place);
  tree_.add(chunk.hash, chunk.length);
  records_ += record;
  if (records_.size() >= memoryBytes) flush();
  return place;
}

std::uint32_t PackBuilder::append(const PackBuilder& other) {
  REGESTA_INVARIANT(other.inMemory());
  auto first = static_cast<std::uint32_t>(footer_.chunks.size());
  auto start = static_cast<std::uint32_t>(bytes());
  for (ChunkEntry chunk : other.footer_.chunks) {
    chunk.end += start;
    tree_.add(chunk.hash, chunk.length);
    footer_.chunks.push_back(chunk);
  }
  records_ += other.records_;
  if (records_.size() >= memoryBytes) flush();
  return first;
}

void PackBuilder::flush() {
  if (!spool_) spool_ = std::make_unique<Spool>(folder_);
  spool_->write(records_);
  records_.clear();
}

Spool& PackBuilder::finish() {
  footer_.root = tree_.hashes().root;
  records_ += writeFooter(footer_);
  flush();
  return *spool_;
}

}  // namespace regesta::blob
