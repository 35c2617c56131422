#pragma once
#include <set>

#include "gitremote/plan.h"
#include "gitremote/repository.h"

namespace regesta::gitremote {

/// The checked push, before any change.
struct CheckedPush {
  std::vector<RefMove> moves;                                 ///< one per ref
  std::vector<std::string> faults;                            ///< one per ref; empty text: accepted
  Plan plan;                                                  ///< of main; its faults are lines
  std::vector<std::pair<VersionPlace, git::Id>> versionTags;  ///< pushed tags "name@v1.2.0" with their targets
  /// Tags that request an alias ("name#production"): such a ref moves only after the alias has moved.
  std::set<std::string> claims;
  bool refused() const;
};

/// Checks Git's rules and the registry's for every ref of the push: names, old values, fast-forward of main, version
/// tags that agree with main.
CheckedPush checkPush(registry::Store& store, const git::Objects& objects, const access::Identity& identity,
                      const RepositoryState& state, const Push& push);

}  // namespace regesta::gitremote
