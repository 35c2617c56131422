#pragma once
#include <cstddef>
#include <string_view>
#include <utility>

namespace regesta {

/// A part of the memory that all requests together may turn small bodies into (limits::decodedMemory): what was
/// unpacked, parsed or decoded. Gives it back when it goes. Used by one thread at a time.
class MemoryShare {
 public:
  MemoryShare() = default;
  MemoryShare(MemoryShare&& other) noexcept : bytes_(std::exchange(other.bytes_, 0)) {}
  MemoryShare& operator=(MemoryShare&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~MemoryShare();
  /// Throws Error{exhausted} when the others hold too much. A request that is alone always gets what its own limits
  /// allow.
  void add(std::size_t bytes);

 private:
  std::size_t bytes_ = 0;
};

/// Roughly what a JSON text takes in memory once parsed, beyond its own bytes. Zero for what does not begin as JSON.
std::size_t parsedSize(std::string_view text);

}  // namespace regesta
