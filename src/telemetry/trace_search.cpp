#include "telemetry/trace_search.h"

#include <set>
#include <tuple>

#include "base/limits.h"
#include "filter/query_error.h"
#include "telemetry/trace_filter.h"
#include "telemetry/trace_scan.h"
#include "tracking/ranking.h"

namespace regesta::telemetry {
namespace {

using filter::Cell;

struct Ranked {
  std::vector<Cell> cells;
  std::int64_t time = 0;
  std::string traceId;
  std::int64_t row = 0;
};

std::vector<Ranked> rank(db::Transaction& transaction, std::string_view workspace, const TraceSearch& search,
                         std::size_t capacity) {
  TraceFilter filter(search.filter);
  std::vector<filter::OrderBy> order = traceOrder(search.orderBy);
  auto before = [&](const Ranked& a, const Ranked& b) {
    if (int decided = tracking::compareCells(a.cells, b.cells, order)) return decided < 0;
    return std::tie(b.time, a.traceId) < std::tie(a.time, b.traceId);
  };
  tracking::Best<Ranked, decltype(before)> best(capacity, before);
  std::set<std::int64_t> experiments(search.experiments.begin(), search.experiments.end());
  filter.readSessions(transaction, experiments);
  for (std::int64_t experiment : experiments) {
    if (!tracking::findExperiment(transaction, workspace, experiment)) continue;
    NewestTraces newest(transaction, experiment);
    std::size_t found = 0;
    while (found < capacity || !order.empty()) {
      std::optional<Trace> trace = newest.next();
      if (!trace) break;
      if (!filter.matches(transaction, *trace)) continue;
      ++found;
      Ranked ranked{.time = trace->requestTime, .traceId = trace->traceId, .row = trace->row};
      for (const filter::OrderBy& by : order) ranked.cells.push_back(cellOf(*trace, by.field, by.key));
      best.offer(std::move(ranked));
    }
  }
  return best.sorted();
}

}  // namespace

tracking::Page<Trace> searchTraces(db::Transaction& transaction, std::string_view workspace,
                                   const TraceSearch& search) {
  filter::checkPageSize(search.maxResults, limits::traceSearchResults);
  std::int64_t offset = tracking::pageOffset(search.pageToken);
  auto wanted = static_cast<std::size_t>(offset + search.maxResults + 1);
  std::vector<Ranked> ranked = rank(transaction, workspace, search, wanted);
  tracking::Page<Trace> page;
  auto from = static_cast<std::size_t>(offset);
  static const std::string sql = fmt::format("SELECT {} FROM trace WHERE id = $1", traceColumns);
  std::size_t size = 0, at = from;  // a page of very large traces ends early
  for (; at < ranked.size() && at + 1 < wanted && size < limits::searchAnswer; ++at) {
    db::Rows rows = transaction.query(sql, {ranked[at].row});
    if (!rows.next()) continue;
    for (int column = 11; column < 14; ++column) size += rows.view(column).size();
    page.items.push_back(readTrace(rows));
  }
  if (at < ranked.size()) page.nextPageToken = filter::pageToken(static_cast<std::int64_t>(at));
  return page;
}

std::int64_t countTraces(db::Transaction& transaction, std::string_view workspace,
                         const std::vector<std::int64_t>& experiments, const std::vector<std::string>& filters) {
  std::vector<TraceFilter> parsed;
  std::set<std::int64_t> among(experiments.begin(), experiments.end());
  for (const std::string& filter : filters) parsed.emplace_back(filter).readSessions(transaction, among);
  std::int64_t count = 0;
  for (std::int64_t experiment : among) {
    if (!tracking::findExperiment(transaction, workspace, experiment)) continue;
    NewestTraces newest(transaction, experiment);
    while (std::optional<Trace> trace = newest.next())
      count += std::all_of(parsed.begin(), parsed.end(),
                           [&](const TraceFilter& filter) { return filter.matches(transaction, *trace); });
  }
  return count;
}

}  // namespace regesta::telemetry
