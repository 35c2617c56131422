#pragma once
// Internal to the access room: limits concurrent password checks, which take tens of MiB and milliseconds each.
#include <condition_variable>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/sync.h"

namespace regesta::access {

/// Runs two checks at a time and queues a bounded number, so that guessing exhausts neither memory nor waiting threads.
/// Concurrent requests with the same credentials share one check. Thread-safe.
class PasswordChecks {
 public:
  /// Returns the result of `check`, or throws its error, possibly shared with an earlier request with the same
  /// `credentials`. `known`: the name signed in from this address before, which has reserved places. Throws
  /// Error{exhausted} if too many wait.
  bool run(const std::string& credentials, bool known, const std::function<bool()>& check);

 private:
  struct Flight {
    bool landed = false, right = false;
    std::exception_ptr failure;
  };
  struct Field {
    std::unordered_map<std::string, std::shared_ptr<Flight>> flights;
    std::size_t strangers = 0, known = 0, followers = 0;
    std::size_t running = 0;
  };
  bool follow(Sync<Field>::Guard& field, const std::shared_ptr<Flight>& flight);

  Sync<Field> field_;
  std::condition_variable changed_;
};

}  // namespace regesta::access
