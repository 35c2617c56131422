#pragma once
#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>

namespace regesta::http {

/// Received bytes that are not used yet. Small while a connection is parked.
class InputBuffer {
 public:
  static constexpr std::size_t small = 4 * 1024;

  std::string_view view() const { return {bytes_.get() + begin_, end_ - begin_}; }
  bool empty() const { return begin_ == end_; }

  void consume(std::size_t size) {
    begin_ += size;
    if (begin_ == end_) begin_ = end_ = 0;
  }

  /// Room to receive into; the buffer grows up to `limit` bytes in all. Empty when it is full.
  std::span<char> room(std::size_t limit) {
    if (begin_ > 0) {
      std::memmove(bytes_.get(), bytes_.get() + begin_, end_ - begin_);
      end_ -= begin_;
      begin_ = 0;
    }
    if (end_ == capacity_ && capacity_ < limit) grow(std::min(limit, std::max(small, capacity_ * 4)));
    return {bytes_.get() + end_, capacity_ - end_};
  }
  /// Makes the buffer at least this large in one step.
  void reserve(std::size_t capacity) {
    if (capacity_ < capacity) grow(capacity);
  }
  void received(std::size_t size) { end_ += size; }

  /// Gives the memory of a large request back.
  void shrink() {
    if (empty() && capacity_ > 4 * small) {
      bytes_.reset();
      capacity_ = begin_ = end_ = 0;
    }
  }

 private:
  void grow(std::size_t capacity) {
    auto larger = std::make_unique_for_overwrite<char[]>(capacity);
    if (end_ > 0) std::memcpy(larger.get(), bytes_.get(), end_);
    bytes_ = std::move(larger);
    capacity_ = capacity;
  }

  std::unique_ptr<char[]> bytes_;
  std::size_t capacity_ = 0, begin_ = 0, end_ = 0;
};

}  // namespace regesta::http
