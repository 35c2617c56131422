#include "telemetry/trace_scan.h"

namespace regesta::telemetry {

std::optional<Trace> NewestTraces::next() {
  if (at_ == some_.size() && !fetch()) return std::nullopt;
  return std::move(some_[at_++]);
}

bool NewestTraces::fetch() {
  static const std::string sql = fmt::format(
      "SELECT {} FROM trace WHERE experiment = $1 AND request_time <= $2 AND (request_time < $2 OR trace_id > $3) "
      "ORDER BY request_time DESC, trace_id LIMIT $4",
      traceColumns);
  if (ended_) return false;
  some_.clear();
  at_ = 0;
  db::Rows rows = transaction_.query(sql, {experiment_, time_, traceId_, chunk});
  while (rows.next()) some_.push_back(readTrace(rows));
  ended_ = some_.size() < chunk;
  if (some_.empty()) return false;
  time_ = some_.back().requestTime;
  traceId_ = some_.back().traceId;
  return true;
}

}  // namespace regesta::telemetry
