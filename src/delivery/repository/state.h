#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "delivery/repository/layout.h"
#include "git/id.h"
#include "registry/version.h"

namespace regesta::delivery {

struct Ref {
  git::Id target, peeled;  ///< peeled: the commit behind an annotated tag, else none
};
/// A workspace's repository as the database has it. Everything else about it can be rebuilt from this and the blobs.
struct RepositoryState {
  std::string workspace;
  std::vector<std::string> packs;                ///< digests of blobs
  std::vector<std::string> smallPacks;           ///< those of them that are worth putting together
  std::map<std::string, Ref, std::less<>> refs;  ///< by whole name, in byte order
  git::Id ref(std::string_view name) const;      ///< none when there is no such ref
  git::Id main() const { return ref(mainBranch); }
};
RepositoryState readRepository(db::Session& session, std::string_view workspace);

/// Moves a ref if it still stands on `from`; none makes or deletes it. Throws Error{conflict}.
struct RefMove {
  std::string name;
  git::Id from;
  Ref to;
};
void moveRef(registry::Change& change, std::string_view workspace, const RefMove& move);
void addPack(registry::Change& change, std::string_view workspace, std::string_view digest, std::uint64_t size,
             std::size_t objects);

/// The objects of these packs are in another one now, which was added.
void dropPacks(registry::Change& change, std::string_view workspace, const std::vector<std::string>& digests);

/// What main says about a version file, written with every change of main.
void noteFile(db::Session& session, std::string_view workspace, const VersionPlace& place, std::string_view digest);
void forgetFile(db::Session& session, std::string_view workspace, const VersionPlace& place);
void noteAliases(db::Session& session, std::string_view workspace, std::string_view name, const Aliases& aliases);

/// How main and the register differ, oldest change first.
struct AliasesNow {
  std::string name;
  Aliases aliases;
  std::int64_t movedAt = 0;  ///< of the newest move among them; 0 when none stands
  std::string movedBy;
};
struct Behind {
  std::vector<registry::Version> versions;  ///< registered, and not on main; with SemVer, at most `limit`
  std::vector<VersionPlace> gone;           ///< on main, and deleted in the register
  std::vector<AliasesNow> aliases;
  bool none() const { return versions.empty() && gone.empty() && aliases.empty(); }
};
Behind behind(db::Session& session, std::string_view workspace, std::size_t limit);

}  // namespace regesta::delivery
