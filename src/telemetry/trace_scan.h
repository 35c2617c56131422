#pragma once
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "telemetry/trace.h"

// Internal to the telemetry room.
namespace regesta::telemetry {

/// The traces of one experiment, newest first, which is the index order, so a page without order_by ends the scan
/// early. Reads a few at a time, because PostgreSQL returns complete results.
class NewestTraces {
 public:
  NewestTraces(db::Transaction& transaction, std::int64_t experiment)
      : transaction_(transaction), experiment_(experiment) {}
  std::optional<Trace> next();

 private:
  bool fetch();

  static constexpr std::size_t chunk = 200;
  db::Transaction& transaction_;
  std::int64_t experiment_;
  std::vector<Trace> some_;
  std::size_t at_ = 0;
  bool ended_ = false;
  std::int64_t time_ = std::numeric_limits<std::int64_t>::max();
  std::string traceId_;
};

}  // namespace regesta::telemetry
