#include "tracking/history.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <tuple>

#include "base/error.h"
#include "base/limits.h"
#include "crypto/hash.h"
#include "tracking/missing.h"
#include "tracking/ranking.h"

namespace regesta::tracking {
namespace {

constexpr std::size_t compactAbove = 64;  // rows of history that are worth rewriting
constexpr std::size_t pointsInChunk = 4096;

/// MLflow stores NaN as 0 with a flag and sorts it as 0, and so do we.
auto byTime(const Metric& m) {
  bool nan = std::isnan(m.value);
  return std::tuple(m.timestamp, m.step, nan ? 0.0 : m.value, nan);
}
auto byStep(const Metric& m) {
  bool nan = std::isnan(m.value);
  return std::tuple(m.step, m.timestamp, nan ? 0.0 : m.value, nan);
}

/// Exact repeats vanish: the same point arrived in two batches.
void sortOnce(std::vector<Metric>& points) {
  auto rank = [](const Metric& m) { return std::tuple_cat(std::tuple<std::string_view>(m.key), byTime(m)); };
  std::sort(points.begin(), points.end(), [&](const Metric& a, const Metric& b) { return rank(a) < rank(b); });
  auto same = [&](const Metric& a, const Metric& b) { return rank(a) == rank(b); };
  points.erase(std::unique(points.begin(), points.end(), same), points.end());
}

std::optional<std::int64_t> rowOf(db::Transaction& transaction, std::string_view workspace, std::string_view runId) {
  db::Rows rows = transaction.query("SELECT id FROM run WHERE run_id = $1 AND workspace = $2", {runId, workspace});
  return rows.next() ? std::optional(rows.integer(0)) : std::nullopt;
}

void insertBatch(db::Transaction& transaction, std::int64_t runRow, std::string_view key,
                 const std::vector<Metric>& points) {
  std::string body = packBatch(points);
  crypto::Hash hash = crypto::sha256(body);
  transaction.run("INSERT INTO metric_log (run, key, digest, body) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
                  {runRow, key, db::Bytes{crypto::view(hash).substr(0, 16)}, body});
}

/// NTILE(buckets) over `count` rows: where each bucket begins.
std::vector<std::size_t> bucketStarts(std::size_t count, std::size_t buckets) {
  std::vector<std::size_t> starts;
  std::size_t small = count / buckets, larger = count % buckets;
  for (std::size_t at = 0, i = 0; at < count; at += small + (i++ < larger ? 1 : 0)) starts.push_back(at);
  return starts;
}

/// At most `most` of the points, evenly spaced, with the first and the last.
std::vector<Metric> thinned(std::vector<Metric> points, std::size_t most) {
  if (points.size() <= most) return points;
  std::vector<std::size_t> kept = bucketStarts(points.size(), most);
  kept.back() = points.size() - 1;
  std::vector<Metric> sample;
  sample.reserve(kept.size());
  for (std::size_t i : kept) sample.push_back(std::move(points[i]));
  return sample;
}

/// The places of the least and the greatest value in [from, to), in the order of the series. Of values that are
/// none, the first.
std::pair<std::size_t, std::size_t> extremes(const std::vector<Metric>& points, std::size_t from, std::size_t to) {
  std::size_t least = from, most = from;
  for (std::size_t i = from + 1; i < to; ++i) {
    if (std::isnan(points[i].value)) continue;
    if (!(points[i].value >= points[least].value)) least = i;
    if (!(points[i].value <= points[most].value)) most = i;
  }
  return std::minmax(least, most);
}

}  // namespace

void appendHistory(db::Transaction& transaction, std::int64_t runRow, const std::vector<Metric>& points) {
  if (points.empty()) return;
  bool alone = std::all_of(points.begin(), points.end(), [&](const Metric& m) { return m.key == points[0].key; });
  insertBatch(transaction, runRow, alone ? std::string_view(points[0].key) : std::string_view(), points);
}

std::vector<Metric> metricHistory(db::Transaction& transaction, std::string_view workspace, std::string_view runId,
                                  std::string_view key) {
  std::vector<Metric> points;
  auto row = rowOf(transaction, workspace, runId);
  if (!row) return points;
  db::Rows rows = transaction.query("SELECT body FROM metric_log WHERE run = $1 AND key IN ('', $2)", {*row, key});
  while (rows.next()) unpackBatch(rows.view(0), key, points);
  sortOnce(points);
  return points;
}

Page<Metric> metricHistoryPage(db::Transaction& transaction, std::string_view workspace, std::string_view runId,
                               std::string_view key, std::optional<std::int64_t> maxResults,
                               std::string_view pageToken) {
  auto offset = static_cast<std::size_t>(pageOffset(pageToken));
  std::vector<Metric> points = metricHistory(transaction, workspace, runId, key);
  if (offset > points.size()) return {};
  std::size_t left = points.size() - offset;
  std::size_t count = maxResults ? std::min(left, static_cast<std::size_t>(*maxResults)) : left;
  Page<Metric> page;
  auto from = points.begin() + static_cast<std::ptrdiff_t>(offset);
  page.items.assign(std::make_move_iterator(from), std::make_move_iterator(from + static_cast<std::ptrdiff_t>(count)));
  if (count < left) page.nextPageToken = filter::pageToken(static_cast<std::int64_t>(offset + count));
  return page;
}

std::vector<std::vector<Metric>> sampledHistories(db::Transaction& transaction, std::string_view workspace,
                                                  std::span<const std::string> runIds, std::string_view key,
                                                  std::size_t maxResults, std::optional<std::int64_t> startStep,
                                                  std::optional<std::int64_t> endStep) {
  auto stepsOf = [&](const std::string& runId) {
    std::vector<Metric> points = metricHistory(transaction, workspace, runId, key);
    if (points.empty() && !rowOf(transaction, workspace, runId)) throw Missing("run", runId);
    std::erase_if(
        points, [&](const Metric& m) { return (startStep && m.step < *startStep) || (endStep && m.step > *endStep); });
    std::sort(points.begin(), points.end(), [](const Metric& a, const Metric& b) { return byStep(a) < byStep(b); });
    return points;
  };
  // Histories are read twice instead of kept: those of many runs do not fit into memory together.
  std::vector<std::int64_t> all, chosen;
  for (const std::string& runId : runIds) {
    std::vector<Metric> points = stepsOf(runId);
    if (points.empty()) continue;
    chosen.push_back(points.front().step);
    chosen.push_back(points.back().step);
    std::vector<std::int64_t> steps, both;
    for (const Metric& m : points)
      if (steps.empty() || steps.back() != m.step) steps.push_back(m.step);
    std::ranges::set_union(all, steps, std::back_inserter(both));
    all = std::move(both);
  }
  if (all.size() <= maxResults) {
    chosen = all;
  } else {
    double interval = static_cast<double>(all.size()) / static_cast<double>(maxResults);
    for (std::size_t i = 0; i < maxResults; ++i)
      chosen.push_back(all[static_cast<std::size_t>(static_cast<double>(i) * interval)]);
    std::ranges::sort(chosen);
    chosen.erase(std::unique(chosen.begin(), chosen.end()), chosen.end());
  }
  std::vector<std::vector<Metric>> samples;
  for (const std::string& runId : runIds) {
    std::vector<Metric> points = stepsOf(runId);
    std::erase_if(points, [&](const Metric& m) { return !std::ranges::binary_search(chosen, m.step); });
    samples.push_back(thinned(std::move(points), std::max(chosen.size(), limits::sampledPoints)));
  }
  return samples;
}

std::vector<Metric> metricCurve(db::Transaction& transaction, std::string_view workspace, std::string_view runId,
                                std::string_view key, std::size_t most) {
  std::vector<Metric> points = metricHistory(transaction, workspace, runId, key);
  std::sort(points.begin(), points.end(), [](const Metric& a, const Metric& b) { return byStep(a) < byStep(b); });
  if (points.size() <= most) return points;
  // The first and the last point stand by themselves; each stretch between them gives up to two.
  std::vector<Metric> curve{points.front()};
  std::size_t inner = points.size() - 2, stretches = (std::max<std::size_t>(most, 4) - 2) / 2;
  for (std::size_t i = 0; i < stretches; ++i) {
    std::size_t from = 1 + inner * i / stretches, to = 1 + inner * (i + 1) / stretches;
    if (from == to) continue;
    auto [a, b] = extremes(points, from, to);
    curve.push_back(points[a]);
    if (b != a) curve.push_back(points[b]);
  }
  curve.push_back(points.back());
  return curve;
}

std::vector<Metric> wholeHistory(db::Transaction& transaction, std::int64_t runRow) {
  std::vector<Metric> points;
  db::Rows rows = transaction.query("SELECT body FROM metric_log WHERE run = $1", {runRow});
  while (rows.next()) unpackBatch(rows.view(0), {}, points);
  sortOnce(points);
  return points;
}

void compactHistory(registry::Store& store, std::string_view workspace, std::string_view runId) {
  struct Snapshot {
    std::int64_t row = 0, revision = 0;
    std::vector<Metric> points;
  };
  auto snapshot = store.read([&](db::Transaction& transaction) -> std::optional<Snapshot> {
    auto run = findRun(transaction, workspace, runId);
    if (!run) return std::nullopt;
    db::Rows rows = transaction.query("SELECT COUNT(*) FROM metric_log WHERE run = $1", {run->row});
    if (!rows.next() || rows.integer(0) <= static_cast<std::int64_t>(compactAbove)) return std::nullopt;
    return Snapshot{run->row, run->revision, wholeHistory(transaction, run->row)};
  });
  if (!snapshot) return;
  store.write([&](db::Transaction& transaction) {
    auto run = findRun(transaction, workspace, runId);
    if (!run || run->revision != snapshot->revision) return;
    transaction.run("DELETE FROM metric_log WHERE run = $1", {snapshot->row});
    const auto& points = snapshot->points;
    for (std::size_t from = 0; from < points.size();) {
      std::size_t to = from;
      while (to < points.size() && to - from < pointsInChunk && points[to].key == points[from].key) ++to;
      insertBatch(
          transaction, snapshot->row, points[from].key,
          {points.begin() + static_cast<std::ptrdiff_t>(from), points.begin() + static_cast<std::ptrdiff_t>(to)});
      from = to;
    }
  });
}

}  // namespace regesta::tracking
