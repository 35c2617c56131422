#include "blob/xorb_writer.h"

#include <algorithm>

#include "base/error.h"

namespace regesta::blob {

namespace {
constexpr std::string_view footerTag = "XETBLOB";
constexpr std::uint64_t mostRecordBytes = xet::xorbBytes + xet::xorbChunks * xet::recordHeader;

template <class... Args>
[[noreturn]] void refuse(fmt::format_string<Args...> why, Args&&... args) {
  throw error(Code::invalid, "the xorb {}", fmt::format(why, std::forward<Args>(args)...));
}
}  // namespace

void XorbWriter::write(std::string_view bytes) {
  while (!bytes.empty() && !footer_) {
    if (open_.size() < xet::recordHeader) {
      std::size_t taken = std::min(bytes.size(), xet::recordHeader - open_.size());
      open_ += bytes.substr(0, taken);
      bytes.remove_prefix(taken);
      if (open_.size() < xet::recordHeader) return;
      footer_ = open_.starts_with(footerTag);
      if (footer_) return;
    }
    auto lengths = xet::recordLengths(open_);
    if (!lengths) refuse("has no valid header of a chunk at byte {}", recordBytes_);
    std::size_t taken = std::min(bytes.size(), lengths->record - open_.size());
    open_ += bytes.substr(0, taken);
    bytes.remove_prefix(taken);
    if (open_.size() < lengths->record) return;
    addRecord(open_, lengths->chunk);
    open_.clear();
  }
}

void XorbWriter::addRecord(std::string_view record, std::size_t length) {
  if (++chunks_ > xet::xorbChunks) refuse("has more than {} chunks", xet::xorbChunks);
  chunk_.resize(length);
  if (!xet::decode(record, chunk_)) refuse("has a damaged chunk at byte {}", recordBytes_);
  recordBytes_ += record.size();
  if (recordBytes_ > mostRecordBytes) refuse("has more than {} bytes", mostRecordBytes);
  xet::Hash hash = xet::chunkHash(chunk_);
  tree_.add(hash, length);
  writer_.addRecord(hash, chunk_, record);
}

xet::Hash XorbWriter::finish() {
  if (!open_.empty() && !footer_) refuse("ends inside a chunk");
  if (chunks_ == 0) refuse("has no chunks");
  writer_.finish();
  return tree_.hashes().root;
}

}  // namespace regesta::blob
