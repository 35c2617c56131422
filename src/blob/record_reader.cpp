#include "blob/record_reader.h"

#include <algorithm>

namespace regesta::blob {

std::size_t RecordReader::read(std::uint64_t offset, std::span<char> into) {
  const std::vector<ChunkEntry>& chunks = pack_->footer().chunks;
  std::size_t have = 0;
  auto byEnd = [](const ChunkEntry& chunk) -> std::uint64_t { return chunk.end; };
  auto at = static_cast<std::size_t>(std::ranges::upper_bound(chunks, offset, {}, byEnd) - chunks.begin());
  // No further than the caller wants, in whole chunks.
  std::uint64_t wanted = std::min<std::uint64_t>(size(), offset + into.size());
  auto last = static_cast<std::size_t>(std::ranges::lower_bound(chunks, wanted, {}, byEnd) - chunks.begin());
  for (; at < chunks.size() && have < into.size(); ++at) {
    packs_.readChunk(*pack_, at, std::max(at, std::min(last, chunks.size() - 1)), window_, chunk_);
    std::uint64_t start = pack_->footer().start(at);
    std::string_view record = std::string_view(window_.bytes).substr(start - window_.start, chunks[at].end - start);
    record.remove_prefix(offset + have - start);
    record = record.substr(0, into.size() - have);
    std::ranges::copy(record, into.data() + have);
    have += record.size();
  }
  return have;
}

}  // namespace regesta::blob
