#pragma once
#include "base/error.h"
#include "crypto/hash.h"

namespace regesta::blob {

/// Compares content with its digest while it is read from its beginning to its end: the last piece is not delivered
/// when they differ. Reading elsewhere ends the comparison.
class ContentCheck {
 public:
  ContentCheck(std::string digest, std::uint64_t size) : digest_(std::move(digest)), size_(size) {}

  void read(std::uint64_t offset, std::string_view bytes) {
    if (offset != next_ || bytes.empty()) return;
    hash_.update(bytes);
    next_ += bytes.size();
    if (next_ != size_) return;
    next_ = UINT64_MAX;
    if (std::string found = crypto::hex(hash_.finish()); found != digest_)
      throw error(Code::corrupt, "the stored content of {} is damaged: its SHA-256 is {}", digest_, found);
  }

 private:
  std::string digest_;
  std::uint64_t size_, next_ = 0;
  crypto::Sha256 hash_;
};

}  // namespace regesta::blob
