#pragma once
#include "delivery/repository/push_check.h"

namespace regesta::delivery {

/// What the transaction found out that no check before it could: the register may have moved, and SemVer rules look at
/// all versions. Rolls everything back.
struct PushRejected {
  std::vector<std::string> lines;  ///< empty: a ref has moved meanwhile
};

struct PushPack {
  std::string digest;  ///< of the blob; empty: the push brought no objects
  std::uint64_t size = 0;
  std::size_t objects = 0;
};

/// Registers the versions, moves the refs and notes what main says, all in this change. Returns lines about what was
/// made. Throws PushRejected.
std::vector<std::string> applyPush(registry::Change& change, const git::Objects& objects, const RepositoryState& state,
                                   const CheckedPush& checked, const PushPack& pack);

}  // namespace regesta::delivery
