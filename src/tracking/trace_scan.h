#pragma once
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "tracking/trace.h"

// Inside the tracking room only.
namespace regesta::tracking {

/// The traces of one experiment, newest first: the order of the index, so that a page without order_by ends the scan
/// early. A few at a time, because PostgreSQL hands over whole results.
class NewestTraces {
 public:
  NewestTraces(db::Session& session, std::int64_t experiment) : session_(session), experiment_(experiment) {}
  std::optional<Trace> next();

 private:
  bool fetch();

  static constexpr std::size_t chunk = 200;
  db::Session& session_;
  std::int64_t experiment_;
  std::vector<Trace> some_;
  std::size_t at_ = 0;
  bool ended_ = false;
  std::int64_t time_ = std::numeric_limits<std::int64_t>::max();
  std::string traceId_;
};

}  // namespace regesta::tracking
