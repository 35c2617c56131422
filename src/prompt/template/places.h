#pragma once
#include <algorithm>
#include <string_view>

#include "prompt/template/scan.h"

namespace regesta::prompt {

/// Positions of mostly increasing offsets, counted from the previous one, so that many tags take linear time.
class Places {
 public:
  explicit Places(std::string_view text) : text_(text) {}
  Place at(std::size_t offset) {
    offset = std::min(offset, text_.size());
    if (offset < offset_) offset_ = lineStart_ = 0, line_ = 1;
    for (; offset_ < offset; ++offset_)
      if (text_[offset_] == '\n') ++line_, lineStart_ = offset_ + 1;
    return {line_, offset - lineStart_ + 1};
  }

 private:
  std::string_view text_;
  std::size_t offset_ = 0, lineStart_ = 0, line_ = 1;
};

}  // namespace regesta::prompt
