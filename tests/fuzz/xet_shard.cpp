// Shards from anybody: what parses has terms with chunks only, and never more of them than the bytes have room for.
// rooms: blob
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/error.h"
#include "blob/xet_shard.h"

using namespace regesta::blob;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    std::size_t records = 0;
    for (const xet::ShardFile& file : xet::readShard(bytes)) {
      records += 1 + 2 * file.terms.size();
      for (const xet::Term& term : file.terms) require(term.first < term.after);
      if (file.sha256) require(file.sha256->size() == 64);
    }
    require(records * xet::shardRecord <= size);
  } catch (const regesta::Error& refusal) {
    require(refusal.code == regesta::Code::invalid);
  }
  return 0;
}
