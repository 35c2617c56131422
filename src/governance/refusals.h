#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "registry/change.h"

namespace regesta::governance {

/// The claimed name of credentials: the user name of Basic ones, "token" for a token; empty for a session (an expired
/// session is not an attempt) and for invalid credentials.
std::string claimedName(std::string_view authorization);

/// Records failed sign-ins and refused accesses. Unauthenticated clients cause them, so they are counted and recorded
/// in groups ("session.refused", "access.refused"): at most ten entries in a row, then one per minute, each with at
/// most 50 groups and the number of the rest. The access log has each one. A claimed name of no user is not recorded,
/// because people type passwords into the wrong field. Thread-safe.
class Refusals {
 public:
  explicit Refusals(registry::Store& store);
  ~Refusals();
  void start();
  /// Records the counts.
  void stop();

  /// Both are fast enough for an I/O thread.
  void signInFailed(std::string_view claimed, std::string_view remote);
  void accessRefused(std::string_view actor, std::string_view method, std::string_view pattern);
  /// Records the counts now, in this thread.
  void record();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace regesta::governance
