// Xorbs from anybody: a record that is accepted unpacks to exactly the length in its header.
// rooms: blob
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "blob/xet.h"

using namespace regesta::blob;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  while (auto lengths = xet::recordLengths(bytes)) {
    if (lengths->record > bytes.size()) break;
    if (lengths->chunk == 0 || lengths->chunk > xet::largestChunk) std::abort();
    std::string chunk(lengths->chunk, '\0');
    xet::decode(bytes.substr(0, lengths->record), chunk);
    bytes.remove_prefix(lengths->record);
  }
  return 0;
}
