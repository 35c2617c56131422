#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "db/database.h"
#include "ledger/log.h"

namespace regesta::ledger {

/// A checkpoint and what a time-stamping authority said about its bytes.
struct Stamped {
  std::int64_t size = 0;
  std::int64_t time = 0;  ///< milliseconds
  std::string note;
  std::string response;  ///< TimeStampResp in DER
};

/// Gets RFC 3161 timestamps of the log's checkpoints, in the background, and stores them in ledger_timestamp.
/// Thread-safe.
class Timestamping {
 public:
  struct Options {
    /// Sends a TimeStampReq and returns the TimeStampResp. Throws Error{unavailable}.
    std::function<std::string(const std::string& request)> post;
    std::string ca;  ///< PEM text; empty: signatures of the authority are not verified here
    std::chrono::milliseconds every{3'600'000};
  };
  Timestamping(db::Database& database, Log& log, Options options);
  ~Timestamping();
  void start();
  void stop();
  /// Gets a timestamp of the newest checkpoint if there are new entries. Throws Error{unavailable}.
  void round();
  /// A timestamp of this note, not stored. Throws Error{unavailable}.
  std::string stamp(const std::string& note);
  std::optional<Stamped> newest();
  std::string fault();  ///< of the last request; empty: it succeeded

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

/// Stored timestamps, the newest first, unverified.
std::vector<Stamped> readTimestamps(db::Transaction& transaction, std::int64_t limit);

}  // namespace regesta::ledger
