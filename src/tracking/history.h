#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tracking/run.h"

namespace regesta::tracking {

/// Adds one batch to a run's history. Idempotent.
void appendHistory(db::Transaction& transaction, std::int64_t runRow, const std::vector<Metric>& points);

/// All distinct points of a key, by (timestamp, step, value). Empty for an unknown run or key.
std::vector<Metric> metricHistory(db::Transaction& transaction, std::string_view workspace, std::string_view runId,
                                  std::string_view key);
/// One page of metricHistory(). `maxResults` absent: all.
Page<Metric> metricHistoryPage(db::Transaction& transaction, std::string_view workspace, std::string_view runId,
                               std::string_view key, std::optional<std::int64_t> maxResults,
                               std::string_view pageToken);

/// The points of a key in several runs, per run by step. Of the steps of all runs, `maxResults` (at least 1) evenly
/// spaced ones are chosen, and the first and the last step of each run, so that the curves of the runs can be compared.
/// If many points share a step, a run has at most limits::sampledPoints. Throws Error{notFound} for an unknown run.
std::vector<std::vector<Metric>> sampledHistories(db::Transaction& transaction, std::string_view workspace,
                                                  std::span<const std::string> runIds, std::string_view key,
                                                  std::size_t maxResults, std::optional<std::int64_t> startStep,
                                                  std::optional<std::int64_t> endStep);

/// A key's history in at most `most` points (at least 4) by step, for charts: per interval the minimum and the maximum,
/// so that no peak is lost, and the first and the last point. Empty for an unknown run or key.
std::vector<Metric> metricCurve(db::Transaction& transaction, std::string_view workspace, std::string_view runId,
                                std::string_view key, std::size_t most);

/// All distinct points of a run, by (key, timestamp, step, value), which is the order of the digest.
std::vector<Metric> wholeHistory(db::Transaction& transaction, std::int64_t runRow);

/// Rewrites the batches of an ended run into few rows, one per key, so that one key's history is read without the
/// others. Changes no point. No effect if the run was written meanwhile.
void compactHistory(registry::Store& store, std::string_view workspace, std::string_view runId);

}  // namespace regesta::tracking
