#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "registry/change.h"

namespace regesta::jobs {

/// Takes or extends the lease on a kind of work for `millis`. True if `holder` has it now; false if another server has
/// it. Clocks of servers on one database must agree to within a fraction of `millis`.
bool takeLease(registry::Store& store, std::string_view name, std::string_view holder, std::int64_t millis);
/// Releases the lease if `holder` has it.
void dropLease(registry::Store& store, std::string_view name, std::string_view holder);

/// Releases every lease: for a server that has the database to itself, where the process that held one has ended.
void dropLeases(registry::Store& store);

/// A lease for one round of work. Released at the end of the round, so that after a restart nobody waits until it
/// expires. `name` and `holder` live longer.
class RoundLease {
 public:
  RoundLease(registry::Store& store, std::string_view name, std::string_view holder, std::int64_t millis)
      : store_(store), name_(name), holder_(holder), millis_(millis) {}
  ~RoundLease();
  RoundLease(const RoundLease&) = delete;
  RoundLease& operator=(const RoundLease&) = delete;
  /// Takes or extends it; false if another server has it.
  bool take();

 private:
  registry::Store& store_;
  std::string_view name_, holder_;
  std::int64_t millis_;
  bool taken_ = false;
};

}  // namespace regesta::jobs
