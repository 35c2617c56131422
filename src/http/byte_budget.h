#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/sync.h"

namespace regesta::http {

/// How many bytes of request bodies each caller may send in a day (UTC). Kept in memory: a restart resets it.
/// Thread-safe.
class ByteBudget {
 public:
  explicit ByteBudget(std::uint64_t perDay) : perDay_(perDay) {}  ///< 0: no limit
  /// An empty account is not counted. Throws Error{tooLarge} once the day's bytes are used up: nothing that a client
  /// retries soon changes that.
  void take(std::string_view account, std::uint64_t bytes);

 private:
  struct Day {
    std::int64_t number = 0;
    std::unordered_map<std::string, std::uint64_t> used;
  };
  std::uint64_t perDay_;
  Sync<Day> day_;
};

}  // namespace regesta::http
