#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "delivery/snapshot.h"

namespace regesta::agent {

/// A snapshot prepared for serving. Immutable.
struct Kept {
  delivery::Snapshot snapshot;
  std::unique_ptr<const rollout::Chooser> chooser;  ///< null: no active rollout
  explicit Kept(delivery::Snapshot snapshot);
};

/// An agent's last successful snapshots, in memory and on disk (one file each, replaced atomically). Thread-safe.
class AgentStore {
 public:
  /// Creates the folder if needed and reads its files; a damaged file is deleted and logged.
  explicit AgentStore(std::string folder);
  std::shared_ptr<const Kept> find(std::string_view prompt, std::string_view selector) const;
  /// Unchanged bytes are not written again. Above limits::agentSnapshots, new snapshots are served but not stored.
  std::shared_ptr<const Kept> put(std::string_view text);
  void drop(std::string_view prompt, std::string_view selector);
  struct Name {
    std::string prompt, selector;
    bool fixed = false;
  };
  std::vector<Name> names() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace regesta::agent
