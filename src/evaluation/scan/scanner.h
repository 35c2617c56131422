#pragma once
#include <memory>
#include <string>

#include "blob/store.h"
#include "registry/change.h"

namespace regesta::governance {
class Gate;
}

namespace regesta::evaluation {

/// Scans each version with files soon after it was registered (scan_version.h), as "system:scan", withdraws it if
/// something critical was found (withdraw.h), and lets change requests that waited for the result go on. Of the servers
/// on one database one does it at a time. A version whose files cannot be read is tried again later. Thread-safe.
class Scanner {
 public:
  struct Options {
    std::string scannedBy;  ///< this program and its version
  };
  Scanner(registry::Store& store, blob::BlobStore& blobs, governance::Gate& gate, Options options);
  ~Scanner();
  /// Starts the thread, which looks for new versions when woken and at least every few seconds.
  void start();
  void stop();
  /// There may be a new version. Cheap.
  void wake();
  /// Scans what waits now; returns the number of versions.
  std::size_t round();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace regesta::evaluation
