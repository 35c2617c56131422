#pragma once
#include "gitremote/push_check.h"

namespace regesta::gitremote {

/// A refusal found only inside the transaction, because the registry may have changed and SemVer rules consider all
/// versions. Rolls everything back.
struct PushRejected {
  std::vector<std::string> lines;  ///< empty: a ref moved meanwhile
};

struct PushPack {
  std::string digest;  ///< of the blob; empty: the push has no objects
  std::uint64_t size = 0;
  std::size_t objects = 0;
};

/// Registers the versions, moves the refs except those that claim an alias, and stores main's content, in this change.
/// Returns lines about the new versions. Throws PushRejected.
std::vector<std::string> applyPush(registry::Change& change, const access::Identity& author,
                                   const git::Objects& objects, const RepositoryState& state,
                                   const CheckedPush& checked, const PushPack& pack);
/// Moves the refs whose aliases have moved. Throws Error{conflict}.
void applyClaims(registry::Change& change, std::string_view workspace, const std::vector<RefMove>& claims);

}  // namespace regesta::gitremote
