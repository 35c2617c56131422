#pragma once
#include <string>
#include <utility>
#include <vector>

#include "registry/archive.h"
#include "registry/clearance.h"

namespace regesta::registry {

/// Creates the proofs of clearance.h. Only governance and tests may include this header (tools/check_arrows), so a move
/// that has not passed the gate does not compile.
class ClearanceIssuer {
 public:
  /// From version number `from` (0: none) to `to` (0: remove the pointer). An empty decision: not protected.
  static Clearance move(Pointer pointer, std::int64_t from, std::int64_t to, std::string decision = {},
                        std::string reason = {}) {
    return {std::move(pointer), from, to, std::move(decision), std::move(reason)};
  }
  static RolloutClearance widen(std::string decision = {}) { return RolloutClearance(std::move(decision)); }
  static RenameClearance rename(std::vector<Clearance> pointers = {}, bool leavesBindings = false) {
    return {std::move(pointers), leavesBindings};
  }
  static Removal remove(bool withPointers) { return Removal(withPointers); }
  static Archival archive() { return {}; }
};

}  // namespace regesta::registry
