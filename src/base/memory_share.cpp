#include "base/memory_share.h"

#include <algorithm>
#include <atomic>

#include "base/error.h"
#include "base/limits_edge.h"

namespace regesta {
namespace {

std::atomic<std::size_t> inUse{0};
constexpr std::size_t valueBytes = 48;  // a value of Boost.JSON, and its part of the stack that it is built on

}  // namespace

MemoryShare::~MemoryShare() {
  if (bytes_ > 0) inUse.fetch_sub(bytes_, std::memory_order_relaxed);
}

void MemoryShare::add(std::size_t bytes) {
  std::size_t all = inUse.fetch_add(bytes, std::memory_order_relaxed) + bytes;
  bytes_ += bytes;
  if (all > limits::decodedMemory && all > bytes_)
    throw Error(Code::exhausted, "too many large request bodies are being read at once; try again");
}

std::size_t parsedSize(std::string_view text) {
  std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos || (text[begin] != '{' && text[begin] != '[' && text[begin] != '"')) return 0;
  auto values = std::ranges::count_if(text, [](char c) { return c == ',' || c == '[' || c == '{'; });
  return std::min(static_cast<std::size_t>(values), limits::jsonValues) * valueBytes;
}

}  // namespace regesta
