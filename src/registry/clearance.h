#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "registry/pointer_name.h"

// Proofs that only the gate can issue. Functions that widen what a protected pointer serves, or that delete what others
// depend on, require one, so code that skips the gate does not compile.

namespace regesta::registry {

class ClearanceIssuer;

/// Permission to move one pointer once. Only the gate can create one (clearance_issuer.h).
class Clearance {
 public:
  const Pointer& pointer() const { return pointer_; }
  std::int64_t from() const { return from_; }                ///< version number it points to now, 0: none
  std::int64_t to() const { return to_; }                    ///< 0: remove the pointer
  const std::string& decision() const { return decision_; }  ///< digest of the decision; empty: pointer not protected
  const std::string& reason() const { return reason_; }      ///< the requester's reason; may be empty

 private:
  friend class ClearanceIssuer;
  Clearance(Pointer pointer, std::int64_t from, std::int64_t to, std::string decision, std::string reason = {})
      : pointer_(std::move(pointer)),
        from_(from),
        to_(to),
        decision_(std::move(decision)),
        reason_(std::move(reason)) {}
  Pointer pointer_;
  std::int64_t from_, to_;
  std::string decision_, reason_;
};

/// Permission to let an active rollout serve its arms to more callers.
class RolloutClearance {
 public:
  /// The decision that covers the rollout from now on: the one it started with, or a newer one; empty: the alias is not
  /// protected.
  const std::string& decision() const { return decision_; }

 private:
  friend class ClearanceIssuer;
  explicit RolloutClearance(std::string decision) : decision_(std::move(decision)) {}
  std::string decision_;
};

/// Permission to rename an asset.
class RenameClearance {
 public:
  /// One per version on a pointer that the new name protects, each with its decision: from() and to() are that version.
  const std::vector<Clearance>& pointers() const { return pointers_; }
  /// The requester may remove the asset from policy bindings that match only its old name.
  bool leavesBindings() const { return leavesBindings_; }

 private:
  friend class ClearanceIssuer;
  RenameClearance(std::vector<Clearance> pointers, bool leavesBindings)
      : pointers_(std::move(pointers)), leavesBindings_(leavesBindings) {}
  std::vector<Clearance> pointers_;
  bool leavesBindings_;
};

/// Permission to delete something that no decision depends on.
class Removal {
 public:
  /// Aliases and stages that point to it are removed too; otherwise they prevent the deletion.
  bool withPointers() const { return withPointers_; }

 private:
  friend class ClearanceIssuer;
  explicit Removal(bool withPointers) : withPointers_(withPointers) {}
  bool withPointers_;
};

}  // namespace regesta::registry
