#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "tracking/pack.h"

namespace regesta::tracking {

/// What clients may log. All throw RuleError (rule_error.h). `path` is the field as the client names it:
/// "metrics[3].name", "key".

/// Letters, digits, `_ - . / :` and space; the key must not resolve to another name as a path.
void checkKey(std::string_view key, std::string_view path);
void checkLength(std::string_view what, std::size_t limit, std::string_view text);
/// Cut to `limit` characters, as clients expect of long params and tags.
std::string truncated(std::string_view text, std::size_t limit);

void checkRunId(std::string_view runId);
void checkMetric(const Metric& metric, std::string_view path);
void checkExperimentName(std::string_view name);
void checkExperimentTag(std::string_view key, std::string_view value);
void checkLoggedModelName(std::string_view name);

/// Checks a location that clients write to, and makes a path without a scheme absolute. Refuses run URIs, fragments,
/// parameters, ".." in the query, and schemes that name another host.
std::string checkArtifactLocation(std::string_view location);

/// Decimal. Empty means 0, the default experiment.
std::int64_t parseExperimentId(std::string_view text);

}  // namespace regesta::tracking
