#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "access/access.h"
#include "blob/store.h"
#include "gitremote/cache.h"
#include "gitremote/state.h"
#include "governance/gate.h"
#include "registry/change.h"

namespace regesta::gitremote {

/// One ref of a push: from the value that the author saw to the new one. None: no such ref.
struct PushedRef {
  std::string name;
  git::Id from, to;
};
struct Push {
  std::string workspace;
  std::vector<PushedRef> refs;
  std::string packFile;  ///< the push's objects; empty: none
};
struct PushOutcome {
  std::string unpackFault;  ///< non-empty: the pack could not be read
  /// One per ref, in order; empty text: accepted. All are accepted or none, except tags that request an alias: they are
  /// refused individually if the alias does not move.
  std::vector<std::string> faults;
  std::vector<std::string> lines;  ///< for the author's terminal
};

/// The Git repositories of the workspaces' prompts. A repository is refs and packs in the database and the blob store;
/// the branch main and the registry have the same versions. Thread-safe; may wait for commits, policy workers and the
/// disk, so do not call it on an I/O thread.
class Repositories {
 public:
  /// `folder` is for a cache that can be deleted.
  Repositories(registry::Store& store, blob::BlobStore& blobs, governance::Gate& gate, std::string folder);

  /// The present repository. First exports registrations, deletions and moves since the last call to main, as commits
  /// with the author and time of each change.
  RepositoryState current(std::string_view workspace);
  /// Opens the objects of a state.
  std::unique_ptr<git::Objects> open(const RepositoryState& state) { return cache_.open(state.packs); }
  /// A folder for the pack of a push or a fetch.
  std::unique_ptr<WorkFolder> work() { return cache_.work(); }

  /// Checks a push and applies all of it or nothing: files on main become versions in one transaction with the refs.
  /// Aliases then move through the gate; refusals and pending moves are in `lines`, and the tags that requested them
  /// are not stored. Durable when it returns. Throws Error{denied} without the right to write in the workspace.
  PushOutcome push(const access::Identity& identity, const Push& push);

 private:
  bool exportToMain(std::string_view workspace);
  /// Combines small packs with all their objects, reachable or not, because a push being checked may use any of them.
  /// Their blobs stay for the blob store's garbage collection.
  void assemble(const RepositoryState& state);

  registry::Store& store_;
  blob::BlobStore& blobs_;
  governance::Gate& gate_;
  PackCache cache_;
};

}  // namespace regesta::gitremote
