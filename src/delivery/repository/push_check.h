#pragma once
#include "delivery/repository/plan.h"
#include "delivery/repository/repository.h"

namespace regesta::delivery {

/// What a push comes to, before anything is changed.
struct CheckedPush {
  std::vector<RefMove> moves;                                 ///< one a ref
  std::vector<std::string> faults;                            ///< one a ref; empty text: nothing to say against it
  Plan plan;                                                  ///< of main; its faults are lines
  std::vector<std::pair<VersionPlace, git::Id>> versionTags;  ///< pushed tags "name@v1.2.0" with their targets
  bool refused() const;
};

/// Git's rules and the register's for every ref of the push: names, what they stood on, fast-forward of main, tags of
/// versions that agree with main.
CheckedPush checkPush(registry::Store& store, const git::Objects& objects, const governance::Identity& identity,
                      const RepositoryState& state, const Push& push);

}  // namespace regesta::delivery
