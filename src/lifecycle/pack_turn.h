#pragma once
#include <string>
#include <thread>

#include "jobs/lease.h"

namespace regesta::lifecycle {

/// The lease on rewriting and collecting packs, renewed until its end. Several servers at once would be safe, but slow.
class PackTurn {
 public:
  /// Throws Error{unavailable} if another call or server has it.
  explicit PackTurn(registry::Store& store);
  PackTurn(const PackTurn&) = delete;
  PackTurn& operator=(const PackTurn&) = delete;

 private:
  void renewUntil(const std::stop_token& stop);

  std::string holder_;
  jobs::RoundLease lease_;
  std::jthread renewal_;  ///< ends before the lease is released
};

}  // namespace regesta::lifecycle
