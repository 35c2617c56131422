#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "delivery/snapshot.h"

namespace regesta::server {

/// A snapshot ready to answer from. Immutable.
struct Kept {
  delivery::Snapshot snapshot;
  std::unique_ptr<const delivery::Chooser> chooser;  ///< null: no rollout runs
  explicit Kept(delivery::Snapshot snapshot);
};

/// The last good snapshots of an agent, in memory and, one file each, on disk, where a power cut leaves the old or the
/// new one. Thread-safe.
class AgentStore {
 public:
  /// Reads what the folder holds; a file that is damaged is dropped, which is logged. Makes the folder.
  explicit AgentStore(std::string folder);
  std::shared_ptr<const Kept> find(std::string_view prompt, std::string_view selector) const;
  /// The same bytes as before are not written again. Above limits::agentSnapshots the new one is answered but not kept.
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

}  // namespace regesta::server
