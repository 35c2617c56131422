#include "quality/quality.h"

#include "base/error.h"
#include "base/limits_delivery.h"

namespace regesta::quality {
namespace {

constexpr std::int64_t hourMillis = 3'600'000;

}  // namespace

std::vector<Quality> quality(db::Transaction& transaction, const registry::Asset& asset, const QualityQuery& query) {
  db::Rows rows = transaction.query(
      "SELECT s.number, v.semver, s.metric, s.hour, s.summary FROM report_summary s "
      "JOIN version v ON v.asset = s.asset AND v.number = s.number "
      "WHERE s.asset = $1 AND s.hour >= $2 AND s.hour <= $3 AND ($4 = 0 OR s.number = $4) "
      "AND ($5 = '' OR s.metric = $5) ORDER BY s.number, s.metric, s.hour LIMIT $6",
      {asset.id, query.since / hourMillis, query.until / hourMillis, query.version, query.metric,
       limits::qualityRows + 1});
  std::vector<Quality> found;
  std::size_t count = 0;
  while (rows.next()) {
    if (++count > limits::qualityRows) throw Invalid("since", "must be later: these are too many hours for one answer");
    if (found.empty() || found.back().version != rows.integer(0) || found.back().metric != rows.view(2))
      found.push_back({rows.integer(0), rows.maybeText(1).value_or(""), rows.text(2), {}, {}});
    Quality& one = found.back();
    Summary hour = Summary::parse(rows.view(4));
    one.all.merge(hour);
    if (query.hours == 0) continue;
    std::int64_t from = rows.integer(3) / query.hours * query.hours * hourMillis;
    if (one.series.empty() || one.series.back().from != from) one.series.push_back({from, {}});
    one.series.back().summary.merge(hour);
  }
  return found;
}

}  // namespace regesta::quality
