#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "registry/version.h"

/// Versions as commits, for clients that think in Git's terms (Hugging Face): every version is a commit, branches and
/// tags are aliases. The server makes no Git objects for them.
namespace regesta::registry {

/// The branch of clients that name none. It is the alias of this name; while nobody has set that, it is the newest
/// version that no commit made, unless a policy protects the alias: then it is empty.
inline constexpr std::string_view mainBranch = "main";
/// Tag of a version, written by the server only: the number of the version that its commit changed.
inline constexpr std::string_view parentTag = "regesta.parent";

/// Number 0 is the empty commit that every asset begins with; it has no version.
struct Commit {
  std::int64_t number = 0;
  std::string id;  ///< 40 hexadecimal digits; the same for as long as the version exists
  std::optional<Version> version;
};
Commit emptyCommit(const Asset& asset);
Commit commitOf(Version version);
/// Nothing for an id that no live version of the asset has.
std::optional<Commit> findCommit(db::Transaction& transaction, const Asset& asset, std::string_view id);

/// Whether the asset has a branch of that name; other aliases are tags. `main` always exists.
bool isBranch(const Asset& asset, std::string_view name);
/// Marks an alias as a branch, also one that is not set yet: a branch without commits.
void markBranch(Change& change, const Asset& asset, std::string_view name, bool branch);
std::vector<std::string> branchesOf(const Asset& asset);
/// The commit that a branch points to; empty if the asset has no such branch.
std::optional<Commit> branchTip(db::Transaction& transaction, const Asset& asset, std::string_view branch);

/// `revision`: a commit id, a branch, "HEAD" (the main branch), a full ref ("refs/heads/dev"), or what resolveVersion()
/// takes: an alias, a number, a SemVer, a range. Empty if the asset has none such.
std::optional<Commit> resolveRevision(db::Transaction& transaction, const Asset& asset, std::string_view revision);
/// The commit that this one changed: its parent, else the version before it that still exists. Empty for number 0.
std::optional<Commit> parentOf(db::Transaction& transaction, const Asset& asset, const Commit& commit);

/// One file of a version.
std::optional<VersionFile> findVersionFile(db::Transaction& transaction, const Version& version, std::string_view path);

}  // namespace regesta::registry
