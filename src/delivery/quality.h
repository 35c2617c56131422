#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "delivery/interval.h"
#include "delivery/summary.h"
#include "registry/asset.h"

namespace regesta::delivery {

struct QualityQuery {
  std::int64_t version = 0;           ///< 0: every version
  std::string metric;                 ///< empty: every metric
  std::int64_t since = 0, until = 0;  ///< milliseconds, by the reports' own time, to the hour
  std::int64_t hours = 0;             ///< length of one window of the series; 0: no series
};
/// What reports say about one version by one metric.
struct Quality {
  std::int64_t version = 0;
  std::string semver, metric;
  Summary all;
  struct Window {
    std::int64_t from = 0;  ///< milliseconds
    Summary summary;
  };
  std::vector<Window> series;  ///< oldest first; windows without reports are left out
  /// Of the mean, at 95 %, valid however often one looks (asymptotically).
  Interval interval() const {
    return asymptoticInterval(static_cast<double>(all.count()), all.mean(), all.deviation(), 0.05);
  }
};
/// By version, then metric. Throws Invalid{field "since"} when that would be more than limits::qualityRows hours.
std::vector<Quality> quality(db::Session& session, const registry::Asset& asset, const QualityQuery& query);

}  // namespace regesta::delivery
