#pragma once
#include <cstdint>
#include <memory>

#include "http/egress.h"
#include "registry/change.h"

namespace regesta::governance {
class Gate;
}

namespace regesta::connect {

/// Keeps change requests and their tickets in other programs alike: creates tickets for open requests, exchanges
/// comments, and takes reviews over that were read back with the connection's credentials. Whatever it does is done
/// once, also after a crash: it looks in both programs before it writes. One server per database does it at a time
/// (jobs/lease.h). Thread-safe.
class Synchronizer {
 public:
  Synchronizer(registry::Store& store, governance::Gate& gate, http::Egress egress);
  ~Synchronizer();
  void start();
  /// Waits for the request in progress.
  void stop();
  /// Something about a change request has changed, or an event arrived.
  void wake();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace regesta::connect
