#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "prompt/prompt_file.h"

namespace regesta::cli {

/// One prompt on disk, as a command was given it or found it in a folder.
struct LocalPrompt {
  std::string path;  ///< as it is printed
  prompt::PromptFile file;
};

/// The files named, and every prompt file below the folders named, by name and then by SemVer: versions side by side
/// are pushed in their order. Throws Error{notFound}; Invalid with path and line for the first faulty file.
std::vector<LocalPrompt> readPromptFiles(const std::vector<std::string>& paths);

/// By name and then by SemVer, files without one last.
bool isBefore(const LocalPrompt& a, const LocalPrompt& b);
/// The prompt files below the paths, unread.
std::vector<std::string> promptPaths(const std::vector<std::string>& paths);
/// Reads one file; its name comes from its path on disk.
LocalPrompt readPromptFile(const std::string& path);

/// What POST …/versions takes for it.
json::object promptBody(const prompt::PromptFile& file);

/// What Git knows of a file in a work tree, as tags of a version: git.commit, git.author, git.time,
/// git.tag, git.dirty, and of a signed commit git.signature ("good, says Git"; bad, unknown). Empty without Git or a
/// work tree.
registry::Tags gitProvenance(const std::string& path);

/// ", minor" of the answer to a new version; empty if nothing was stored, or it is the first version.
std::string bumpText(const json::object& made);

/// What GTO's tags on the current commit say: "name@v1.2.3" a SemVer, "name#stage" an alias; those ending in '!' take
/// back and are left out.
struct GtoTag {
  std::string name, semver, alias;
};
std::optional<GtoTag> parseGtoTag(std::string_view tag);
std::vector<GtoTag> gtoTags(const std::string& path);

}  // namespace regesta::cli
