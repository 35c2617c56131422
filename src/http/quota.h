#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/sync.h"

namespace regesta::http {

/// How much of something one caller, and all together, hold at this moment. Thread-safe.
class Quota {
 public:
  /// `what` reads on from "too many": "open streams". Zero: no limit.
  Quota(std::string what, std::size_t each, std::size_t all) : what_(std::move(what)), each_(each), all_(all) {}

  /// Gives back what it holds when it goes.
  class Share {
   public:
    Share() = default;
    Share(Share&& other) noexcept { *this = std::move(other); }
    Share& operator=(Share&& other) noexcept {
      std::swap(quota_, other.quota_);
      std::swap(account_, other.account_);
      std::swap(amount_, other.amount_);
      return *this;
    }
    ~Share() {
      if (quota_) quota_->giveBack(account_, amount_);
    }

   private:
    friend class Quota;
    Quota* quota_ = nullptr;
    std::string account_;
    std::size_t amount_ = 0;
  };

  /// Adds to what the share holds already; a caller that holds nothing else gets any amount. An empty account counts in
  /// the total only. Throws Error{exhausted}.
  void take(Share& share, std::string_view account, std::size_t amount);

 private:
  struct Held {
    std::unordered_map<std::string, std::size_t> by;
    std::size_t all = 0;
  };
  void giveBack(const std::string& account, std::size_t amount);

  std::string what_;
  std::size_t each_, all_;
  Sync<Held> held_;
};

}  // namespace regesta::http
