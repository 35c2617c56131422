// Tile paths as they come in URLs, and entry bundles as an auditor reads them from disk.
// rooms: ledger
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "ledger/tile.h"

using namespace regesta::ledger;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (auto tile = parseTilePath(bytes)) {
    require(tilePath(*tile) == bytes && tile->number >= 0 && tile->width >= 1 && tile->width <= tileWidth);
    require(bytes.find("..") == std::string_view::npos);
  }
  if (auto entries = parseBundle(bytes)) {
    require(encodeBundle(std::vector<std::string>(entries->begin(), entries->end())) == bytes);
  }
  return 0;
}
