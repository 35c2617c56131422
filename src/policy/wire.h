#pragma once
#include <cstdint>

namespace regesta::policy {

/// Before every request: the sizes of head and body that follow. Both ends are the same binary on the same machine.
struct RequestFrame {
  std::uint32_t headSize = 0;
  std::uint32_t bodySize = 0;
};

/// Before every answer.
struct ReplyFrame {
  std::int32_t status = 0;
  std::uint32_t size = 0;
};

inline constexpr int workerSocket = 3;
inline constexpr std::uint32_t largestFrame = 64 * 1024 * 1024;

}  // namespace regesta::policy
