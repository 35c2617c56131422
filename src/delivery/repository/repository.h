#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "blob/store.h"
#include "delivery/repository/cache.h"
#include "delivery/repository/state.h"
#include "governance/access.h"
#include "governance/gate.h"
#include "registry/change.h"

namespace regesta::delivery {

/// One ref that a push wants to move: from what its author saw, to what shall be. None: no such ref.
struct PushedRef {
  std::string name;
  git::Id from, to;
};
struct Push {
  std::string workspace;
  std::vector<PushedRef> refs;
  std::string packFile;  ///< what came with it; empty: nothing did
};
struct PushOutcome {
  std::string unpackFault;          ///< not empty: the pack could not be taken
  std::vector<std::string> faults;  ///< one a ref, in order; empty text: accepted. Either all are accepted or none is.
  std::vector<std::string> lines;   ///< for the author's terminal
};

/// The Git repositories of the workspaces' prompts. A repository is refs and packs in the database and the blob store;
/// what is on the branch main is registered, and what is registered is on main. Thread-safe; may wait for commits,
/// policy workers and the disk, so never on an I/O thread.
class Repositories {
 public:
  /// `folder` is for a cache that may be deleted.
  Repositories(registry::Store& store, blob::BlobStore& blobs, governance::Gate& gate, std::string folder);

  /// The repository as it is now. What was registered, deleted or moved otherwise since the last look is brought onto
  /// main first, as commits by who did it, with the time it was done.
  RepositoryState current(std::string_view workspace);
  /// Opens the objects of a state.
  std::unique_ptr<git::Objects> open(const RepositoryState& state) { return cache_.open(state.packs); }
  /// A folder for the pack of a push or a fetch.
  std::unique_ptr<WorkFolder> work() { return cache_.work(); }

  /// Checks what was pushed and takes all of it or nothing: files on main become versions in one transaction with the
  /// refs. Moves of aliases follow through the gate, and what it refuses or holds back is told in `lines`. Durable when
  /// it returns. Throws Error{denied} without the right to write anything here.
  PushOutcome push(const governance::Identity& identity, const Push& push);

 private:
  bool bringOntoMain(std::string_view workspace);
  /// Puts small packs together: every object that they hold, reached or not, for a push that is being checked may build
  /// on any of them. The blobs they were stay for the blob store's own collection.
  void putTogether(const RepositoryState& state);

  registry::Store& store_;
  blob::BlobStore& blobs_;
  governance::Gate& gate_;
  PackCache cache_;
};

}  // namespace regesta::delivery
