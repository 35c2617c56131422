#pragma once
#include <memory>

#include "blob/packs.h"
#include "registry/change.h"

namespace regesta::lifecycle {

/// Collects garbage and merges small packs automatically, as "system:content". One server of a database does it at a
/// time. Thread-safe.
class ContentSchedule {
 public:
  /// Collects every `everyMillis`, counted over all servers and restarts; 0: never. `packs` lives longer.
  ContentSchedule(registry::Store& store, blob::Packs& packs, std::int64_t everyMillis);
  ~ContentSchedule();
  /// Starts the thread, unless everyMillis is 0.
  void start();
  void stop();
  /// Runs once: collects if that is due and merges packs. Returns the number of objects and packs that went. Waits for
  /// nobody: if another call changes packs, it does nothing.
  std::size_t round();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace regesta::lifecycle
