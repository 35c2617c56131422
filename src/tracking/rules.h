#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "tracking/pack.h"

namespace regesta::tracking {

/// What clients may log, and the words in which MLflow's server refuses the rest. All throw Error{invalid}.
/// `path` is the field as the client knows it: "metrics[3].name", "key".

/// Letters, digits, `_ - . / :` and space, and no other name when read as a path.
void checkKey(std::string_view key, std::string_view path);
void checkLength(std::string_view what, std::size_t limit, std::string_view text);
/// Cut to `limit` characters, as MLflow does by default with long params and tags.
std::string truncated(std::string_view text, std::size_t limit);

void checkRunId(std::string_view runId);
void checkMetric(const Metric& metric, std::string_view path);
void checkExperimentName(std::string_view name);
void checkExperimentTag(std::string_view key, std::string_view value);
void checkLoggedModelName(std::string_view name);

/// A location that clients will write to. Makes a path without a scheme absolute. Throws for run URIs, fragments,
/// parameters, tricks in the query, and schemes that name a host of their own.
std::string checkArtifactLocation(std::string_view location);

/// Decimal; throws in MLflow's words for anything else. Empty means 0, the default experiment.
std::int64_t parseExperimentId(std::string_view text);

/// Text as Python's repr() shows it; MLflow's messages contain such.
std::string pythonText(std::string_view text);
std::string pythonList(const std::vector<std::string>& texts);

}  // namespace regesta::tracking
