// Ledger bodies from a database that somebody edited, one a line: the replay never falls over them.
// rooms: governance
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/text.h"
#include "governance/replay.h"

using namespace regesta;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  governance::Replay replay;
  std::int64_t index = 0;
  for (std::string_view line : split({reinterpret_cast<const char*>(data), size}, '\n')) replay.take(index++, line);
  governance::Comparison comparison = governance::compareStates(replay.state(), {}, 5);
  if (static_cast<std::size_t>(comparison.further) + comparison.differences.size() !=
      static_cast<std::size_t>(comparison.compared))
    std::abort();
  if (!governance::compareStates(replay.state(), replay.state(), 5).differences.empty()) std::abort();
  return 0;
}
