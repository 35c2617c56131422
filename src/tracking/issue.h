#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/change.h"
#include "tracking/experiment.h"

namespace regesta::tracking {

/// A problem that somebody, or an analysis, found in the traces of an experiment.
struct Issue {
  std::string issueId;  ///< "iss-" and 32 hexadecimal digits
  std::string workspace;
  std::int64_t experiment = 0;
  std::string name, description;
  std::string status = "pending";  ///< pending, rejected or resolved
  std::string severity;            ///< not_an_issue, low, medium or high; empty: nobody has said
  std::vector<std::string> rootCauses, categories;
  std::string sourceRun, createdBy;
  std::int64_t createdAt = 0, updatedAt = 0;  ///< milliseconds
};

inline constexpr std::string_view issueStatuses[] = {"pending", "rejected", "resolved"};
inline constexpr std::string_view issueSeverities[] = {"not_an_issue", "low", "medium", "high"};

/// Its id and times are given here. Throws Error{notFound} for an unknown experiment or run, Invalid for a status,
/// severity or length that is none.
Issue createIssue(registry::Change& change, Issue told);
Issue getIssue(db::Session& session, std::string_view workspace, std::string_view issueId);  ///< throws Error{notFound}
/// Stores name, description, status and severity of an issue that getIssue() returned.
Issue changeIssue(registry::Change& change, Issue issue);

struct IssueSearch {
  std::optional<std::int64_t> experiment;
  std::string filter;  ///< status, source_run_id; = and !=
  std::int64_t maxResults = 100;
  std::string pageToken;
};
/// The most severe first, then the newest. Throws Error{invalid} in MLflow's words.
Page<Issue> searchIssues(db::Session& session, std::string_view workspace, const IssueSearch& search);

}  // namespace regesta::tracking
