#pragma once
#include <string>
#include <vector>

#include "delivery/lint.h"
#include "delivery/prompt_file.h"
#include "delivery/repository/state.h"
#include "git/change.h"
#include "governance/access.h"

namespace regesta::delivery {

/// A version file that the push brings and the register does not know.
struct PlannedVersion {
  VersionPlace place;
  std::string path;
  git::Id commit;  ///< that brought it
  PromptFile file;
};
/// The author wants an alias elsewhere. `semver` empty: gone.
struct AliasWish {
  std::string name, alias, semver;
  std::string where;  ///< path, or ref, for messages
};

/// What moving a branch from one tree to another means for the register. Faults and notes are lines for the author,
/// "PATH:LINE: what is wrong".
struct Plan {
  std::vector<PlannedVersion> versions;
  std::vector<std::pair<VersionPlace, std::string>> restyled;  ///< registered files, written differently; and digest
  std::vector<VersionPlace> dropped;                           ///< files of versions that the register has deleted
  std::map<std::string, Aliases> aliasFiles;                   ///< of each prompt whose aliases file changed
  std::vector<AliasWish> wishes;
  std::vector<std::string> faults, notes;
};

struct Branch {
  std::string workspace;
  git::Id before, after;  ///< commits; before may be none
};
/// Reads every file that differs. `identity` must be allowed to write each prompt that changes, and with the right to
/// write everything in the workspace, what lies outside of the prompts' folders.
Plan planBranch(registry::Store& store, const git::Objects& objects, const governance::Identity& identity,
                const Branch& branch);

/// "PATH:LINE: message", as the author's terminal shows it.
std::string problemLine(const std::string& path, const PromptFile& file, const Problem& problem);
/// What lint finds in a file as it stands alone: its errors, or its warnings too.
std::vector<std::string> lintLines(const std::string& path, const PromptFile& file, bool errorsOnly);

}  // namespace regesta::delivery
