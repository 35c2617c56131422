#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace regesta::gitremote {

// Layout of a workspace's Git repository; docs/git.md describes it:
//   prompts/<name>/v1.2.0.md       one version; a name in folders ("support/greeting") is folders here, too
//   prompts/<name>/aliases.yaml    its aliases: "production: 1.2.0"
//   refs/tags/<name>@v1.2.0        the commit that brought the version (GTO)
// Every other path belongs to the team.

/// The name before ".git" in a repository's URL: "prompts" for the workspace "default", otherwise "risk-prompts".
std::string repositoryName(std::string_view workspace);
std::optional<std::string> workspaceOf(std::string_view repositoryName);

inline constexpr std::string_view mainBranch = "refs/heads/main";

/// Characters that file systems or refs do not allow are written as %XX, and very long names are cut, so that every
/// prompt can be checked out.
std::string versionPath(std::string_view name, std::string_view semver);
std::string aliasesPath(std::string_view name);
std::string versionTag(std::string_view name, std::string_view semver);  ///< the whole ref

struct VersionPlace {
  std::string name, semver;
};
/// Parses a path. Throws Invalid (message "PATH: …") for one that looks like a version but is not: "v1.2.md", or with
/// an invalid prompt name.
std::optional<VersionPlace> parseVersionPath(std::string_view path);
std::optional<std::string> parseAliasesPath(std::string_view path);
/// The prompt whose folder contains the path; empty outside prompts/<name>/.
std::optional<std::string> promptOfPath(std::string_view path);

/// "refs/tags/<name>@v1.2.0".
std::optional<VersionPlace> parseVersionTag(std::string_view ref);
/// GTO's way to move an alias: "refs/tags/<name>#production", "…#production#3", and with '!' after the alias to
/// remove it.
struct AliasTag {
  std::string name, alias;
  bool remove = false;
  bool counted = false;
};
std::optional<AliasTag> parseAliasTag(std::string_view ref);
/// True for a tag in the form of an alias or version ("name#…", "name@v…"), even if it cannot be parsed.
bool claimsSomething(std::string_view ref);

/// alias → SemVer.
using Aliases = std::map<std::string, std::string>;
/// Reads an aliases file: lines "alias: 1.2.0", comments, blank lines. Throws Invalid (message "PATH:LINE: …").
Aliases parseAliases(std::string_view path, std::string_view bytes);
std::string writeAliases(const Aliases& aliases);

}  // namespace regesta::gitremote
