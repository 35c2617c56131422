#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/change.h"
#include "tracking/experiment.h"

namespace regesta::evaluation {

/// A problem in the traces of an experiment, reported by a user or an analysis.
struct Issue {
  std::string issueId;  ///< "iss-" and 32 hexadecimal digits
  std::string workspace;
  std::int64_t experiment = 0;
  std::string name, description;
  std::string status = "pending";  ///< pending, rejected or resolved
  std::string severity;            ///< not_an_issue, low, medium or high; empty: unknown
  std::vector<std::string> rootCauses, categories;
  std::string sourceRun, createdBy;
  std::int64_t createdAt = 0, updatedAt = 0;  ///< milliseconds
};

inline constexpr std::string_view issueStatuses[] = {"pending", "rejected", "resolved"};
inline constexpr std::string_view issueSeverities[] = {"not_an_issue", "low", "medium", "high"};

/// Sets id and times. Throws Error{notFound} for an unknown experiment or run, Invalid for an invalid status, severity
/// or length.
Issue createIssue(registry::Change& change, Issue told);
Issue getIssue(db::Transaction& transaction, std::string_view workspace,
               std::string_view issueId);  ///< throws Error{notFound}
/// Stores name, description, status and severity of an issue of getIssue().
Issue changeIssue(registry::Change& change, Issue issue);

struct IssueSearch {
  /// Whether the caller may read the issues of an experiment; others do not exist, for pages neither.
  std::function<bool(std::int64_t experiment)> mayRead = [](std::int64_t) { return true; };
  std::optional<std::int64_t> experiment;
  std::string filter;  ///< status, source_run_id; = and !=
  std::int64_t maxResults = 100;
  std::string pageToken;
};
/// The most severe first, then the newest. Throws Error{invalid}.
tracking::Page<Issue> searchIssues(db::Transaction& transaction, std::string_view workspace, const IssueSearch& search);

}  // namespace regesta::evaluation
