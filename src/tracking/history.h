#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tracking/run.h"

namespace regesta::tracking {

/// Adds one batch to a run's history. The same batch again changes nothing.
void appendHistory(db::Session& session, std::int64_t runRow, const std::vector<Metric>& points);

/// Every point of a key that was logged, once, by (timestamp, step, value). Empty for an unknown run or key.
std::vector<Metric> metricHistory(db::Session& session, std::string_view workspace, std::string_view runId,
                                  std::string_view key);
/// One page of that. `maxResults` absent: all.
Page<Metric> metricHistoryPage(db::Session& session, std::string_view workspace, std::string_view runId,
                               std::string_view key, std::optional<std::int64_t> maxResults,
                               std::string_view pageToken);

/// At most `maxResults` points of a key spread evenly over its history by step, the first and the last among them.
/// Throws Error{notFound} for an unknown run.
std::vector<Metric> sampledHistory(db::Session& session, std::string_view workspace, std::string_view runId,
                                   std::string_view key, std::int64_t maxResults, std::optional<std::int64_t> startStep,
                                   std::optional<std::int64_t> endStep);

/// The course of a key in at most `most` points (at least 4) by step, for drawing: of each stretch the least and the
/// greatest value, so that no peak is lost, and the first and the last point. Empty for an unknown run or key.
std::vector<Metric> metricCurve(db::Session& session, std::string_view workspace, std::string_view runId,
                                std::string_view key, std::size_t most);

/// Every point of a run, once, by (key, timestamp, step, value): the order in which they are digested.
std::vector<Metric> wholeHistory(db::Session& session, std::int64_t runRow);

/// Rewrites the many batches of a run that has ended into few rows, a key each, so that one key's history is read
/// without the others. Changes no point. Nothing happens when the run was written meanwhile.
void compactHistory(registry::Store& store, std::string_view workspace, std::string_view runId);

}  // namespace regesta::tracking
