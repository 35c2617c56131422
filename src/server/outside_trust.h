#pragma once
#include <memory>

#include "base/config.h"
#include "db/database.h"
#include "ledger/log.h"
#include "ledger/timestamping.h"
#include "ledger/witnessing.h"

namespace regesta::server {

class DataDirectory;

/// The witness policy that the settings name; empty optional: none. Throws Error{invalid} with the file and line.
std::optional<ledger::WitnessPolicy> witnessPolicy(const Config& config);

/// What ties the ledger to parties outside this machine, as configured: witnesses and a time-stamping authority.
class OutsideTrust {
 public:
  /// Throws Error{corrupt} if a witness has seen more of the ledger than the database has.
  OutsideTrust(const Config& config, const DataDirectory& data, db::Database& database, ledger::Log& log);
  void start();
  void stop();
  ledger::Witnessing* witnessing() { return witnessing_.get(); }        ///< null: not configured
  ledger::Timestamping* timestamping() { return timestamping_.get(); }  ///< null: not configured

 private:
  std::unique_ptr<ledger::Witnessing> witnessing_;
  std::unique_ptr<ledger::Timestamping> timestamping_;
};

}  // namespace regesta::server
