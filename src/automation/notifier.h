#pragma once
#include <memory>
#include <string>

#include "governance/gate.h"
#include "http/mail.h"
#include "registry/change.h"

namespace regesta::automation {

/// Sends users the mail that their subscriptions ask for. What a user may not read at that moment is not sent. Of
/// several servers on one database, one sends at a time; what cannot be sent is tried again for two days.
class Notifier {
 public:
  Notifier(registry::Store& store, governance::Gate& gate, http::MailServer server);
  ~Notifier();
  void start();
  void stop();
  /// The ledger has grown.
  void wake();
  void round();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace regesta::automation
