#pragma once
#include "delivery/repository/state.h"
#include "git/objects.h"

namespace regesta::delivery {

/// What brings main up to date: the commits are written into `objects`; the rest is for the transaction that moves
/// main.
struct Export {
  git::Id main;  ///< where main stands then
  std::vector<RefMove> tags;
  std::vector<std::pair<VersionPlace, std::string>> files;  ///< place and digest
  std::vector<VersionPlace> gone;
  std::vector<AliasesNow> aliases;
};

/// One commit a change, in the order of their times; author and time are those of the change, so that any server makes
/// the same commits of the same register. `now` dates what has no time of its own, milliseconds.
Export exportBehind(git::Objects& objects, const RepositoryState& state, const Behind& behind, std::int64_t now);

}  // namespace regesta::delivery
