#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "git/id.h"
#include "gitremote/layout.h"
#include "registry/version.h"

namespace regesta::gitremote {

struct Ref {
  git::Id target, peeled;  ///< peeled: the commit of an annotated tag, otherwise none
};
/// A workspace's repository in the database. All other data can be rebuilt from this and the blobs.
struct RepositoryState {
  std::string workspace;
  std::vector<std::string> packs;                ///< digests of blobs
  std::vector<std::string> smallPacks;           ///< the small ones among them, which can be combined
  std::map<std::string, Ref, std::less<>> refs;  ///< by whole name, in byte order
  git::Id ref(std::string_view name) const;      ///< none if there is no such ref
  git::Id main() const { return ref(mainBranch); }
};
RepositoryState readRepository(db::Transaction& transaction, std::string_view workspace);

/// Moves a ref if it still points to `from`; none makes or deletes it. Throws Error{conflict}.
struct RefMove {
  std::string name;
  git::Id from;
  Ref to;
};
void moveRef(registry::Change& change, std::string_view workspace, const RefMove& move);
void addPack(registry::Change& change, std::string_view workspace, std::string_view digest, std::uint64_t size,
             std::size_t objects);

/// Removes packs whose objects are in another added pack.
void dropPacks(registry::Change& change, std::string_view workspace, const std::vector<std::string>& digests);

/// Records a version file of main; call with every change of main.
void noteFile(db::Transaction& transaction, std::string_view workspace, const VersionPlace& place,
              std::string_view digest);
void forgetFile(db::Transaction& transaction, std::string_view workspace, const VersionPlace& place);
void noteAliases(db::Transaction& transaction, std::string_view workspace, std::string_view name,
                 const Aliases& aliases);

/// The aliases of a prompt in the registry.
struct AliasesNow {
  std::string name;
  Aliases aliases;
  std::int64_t movedAt = 0;  ///< of their newest move; 0: no alias
  std::string movedBy;
};
/// Differences between main and the registry, oldest change first.
struct Backlog {
  std::vector<registry::Version> versions;  ///< registered but not on main; with SemVer, at most `limit`
  std::vector<VersionPlace> gone;           ///< on main but deleted in the registry
  std::vector<AliasesNow> aliases;
  bool none() const { return versions.empty() && gone.empty() && aliases.empty(); }
};
Backlog findBacklog(db::Transaction& transaction, std::string_view workspace, std::size_t limit);

}  // namespace regesta::gitremote
