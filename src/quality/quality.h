#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "quality/summary.h"
#include "registry/asset.h"
#include "rollout/interval.h"

namespace regesta::quality {

struct QualityQuery {
  std::int64_t version = 0;           ///< 0: every version
  std::string metric;                 ///< empty: every metric
  std::int64_t since = 0, until = 0;  ///< milliseconds, by the reports' own time, to the hour
  std::int64_t hours = 0;             ///< length of one window of the series; 0: no series
};
/// Summary of the reports about one version by one metric.
struct Quality {
  std::int64_t version = 0;
  std::string semver, metric;
  Summary all;
  struct Window {
    std::int64_t from = 0;  ///< milliseconds
    Summary summary;
  };
  std::vector<Window> series;  ///< oldest first, without windows that have no reports
  /// 95 % confidence sequence of the mean, valid at every time, within the metric's range.
  rollout::Interval interval() const {
    return rollout::meanInterval(
        {static_cast<double>(all.count()), all.mean(), all.deviation(), all.least(), all.most()}, 0.05);
  }
};
/// By version, then metric. Throws Invalid{field "since"} for more than limits::qualityRows hours.
std::vector<Quality> quality(db::Transaction& transaction, const registry::Asset& asset, const QualityQuery& query);

}  // namespace regesta::quality
