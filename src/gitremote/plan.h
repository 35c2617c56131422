#pragma once
#include <string>
#include <vector>

#include "access/access.h"
#include "git/change.h"
#include "gitremote/state.h"
#include "prompt/lint.h"
#include "prompt/prompt_file.h"

namespace regesta::gitremote {

/// A version file of the push that is not registered yet.
struct PlannedVersion {
  VersionPlace place;
  std::string path;
  git::Id commit;  ///< that added it
  prompt::PromptFile file;
};
/// A requested alias move. `semver` empty: removal.
struct RequestedAlias {
  std::string name, alias, semver;
  std::string where;  ///< path or ref, for messages
};

/// The registry changes of moving a branch from one tree to another. Faults and notes are lines for the author,
/// "PATH:LINE: problem".
struct Plan {
  std::vector<PlannedVersion> versions;
  std::vector<std::pair<VersionPlace, std::string>> restyled;  ///< registered files in another notation, with digest
  std::vector<VersionPlace> dropped;                           ///< files of versions that the registry has deleted
  std::map<std::string, Aliases> aliasFiles;                   ///< of each prompt whose aliases file changed
  std::vector<RequestedAlias> requestedAliases;
  std::vector<std::string> faults, notes;
};

struct Branch {
  std::string workspace;
  git::Id before, after;  ///< commits; before may be none
};
/// Reads every changed file. `identity` must be allowed to write each changed prompt, and everything in the workspace
/// to change files outside the prompts' folders.
Plan planBranch(registry::Store& store, const git::Objects& objects, const access::Identity& identity,
                const Branch& branch);

/// "PATH:LINE: message", as the author's terminal shows it.
std::string problemLine(const std::string& path, const prompt::PromptFile& file, const prompt::Problem& problem);
/// Lint problems of a single file: errors, or warnings too.
std::vector<std::string> lintLines(const std::string& path, const prompt::PromptFile& file, bool errorsOnly);

}  // namespace regesta::gitremote
