#pragma once
#include "git/objects.h"
#include "gitremote/state.h"

namespace regesta::gitremote {

/// An update of main: its commits are already in `objects`; the members are for the transaction that moves main.
struct Export {
  git::Id main;                                             ///< new tip of main
  std::vector<RefMove> tags;                                ///< new ones
  std::vector<RefMove> stale;                               ///< tags to delete, whose aliases point to another version
  std::vector<std::pair<VersionPlace, std::string>> files;  ///< place and digest
  std::vector<VersionPlace> gone;
  std::vector<AliasesNow> aliases;
};

/// One commit per change, by time, with the author and time of the change, so that every server makes the same commits
/// from the same registry. `now` (milliseconds) is the time of changes without one.
Export exportBacklog(git::Objects& objects, const RepositoryState& state, const Backlog& backlog, std::int64_t now);

}  // namespace regesta::gitremote
