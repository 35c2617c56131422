#include "api/mlflow/evaluation.h"
#include "api/tracking_scope.h"
#include "tracking/issue.h"
#include "tracking/rules.h"
#include "tracking/trace_search.h"

namespace regesta::api::mlflow {
namespace {

using governance::Verb;
using tracking::parseExperimentId;

struct Issue {
  std::string issue_id, experiment_id, name, description, status;
  std::optional<std::string> severity;
  std::vector<std::string> root_causes;
  std::optional<std::string> source_run_id;
  std::int64_t created_timestamp = 0, last_updated_timestamp = 0;
  std::optional<std::string> created_by;
  std::vector<std::string> categories;
  std::optional<std::int64_t> trace_count;
  static constexpr Field fields[] = {field<&Issue::issue_id>("issue_id"),
                                     field<&Issue::experiment_id>("experiment_id"),
                                     field<&Issue::name>("name"),
                                     field<&Issue::description>("description"),
                                     field<&Issue::status>("status"),
                                     field<&Issue::severity>("severity"),
                                     field<&Issue::root_causes>("root_causes"),
                                     field<&Issue::source_run_id>("source_run_id"),
                                     field<&Issue::created_timestamp>("created_timestamp"),
                                     field<&Issue::last_updated_timestamp>("last_updated_timestamp"),
                                     field<&Issue::created_by>("created_by"),
                                     field<&Issue::categories>("categories"),
                                     field<&Issue::trace_count>("trace_count")};
};
struct OneIssue {
  Issue issue;
  static constexpr Field fields[] = {field<&OneIssue::issue>("issue")};
};
struct CreateIssue {
  std::string experiment_id, name, description, status, severity;
  std::vector<std::string> root_causes;
  std::string source_run_id, created_by;
  std::vector<std::string> categories;
  static constexpr Field fields[] = {field<&CreateIssue::experiment_id>("experiment_id", required),
                                     field<&CreateIssue::name>("name", required),
                                     field<&CreateIssue::description>("description", required),
                                     field<&CreateIssue::status>("status", oneOf(tracking::issueStatuses)),
                                     field<&CreateIssue::severity>("severity", oneOf(tracking::issueSeverities)),
                                     field<&CreateIssue::root_causes>("root_causes"),
                                     field<&CreateIssue::source_run_id>("source_run_id"),
                                     field<&CreateIssue::created_by>("created_by"),
                                     field<&CreateIssue::categories>("categories")};
};
struct IssueRef {
  std::string issue_id;
  static constexpr Field fields[] = {field<&IssueRef::issue_id>("issue_id", required)};
};
struct UpdateIssue {
  std::string issue_id, name, description, status, severity;
  static constexpr Field fields[] = {field<&UpdateIssue::issue_id>("issue_id", required),
                                     field<&UpdateIssue::name>("name"), field<&UpdateIssue::description>("description"),
                                     field<&UpdateIssue::status>("status", oneOf(tracking::issueStatuses)),
                                     field<&UpdateIssue::severity>("severity", oneOf(tracking::issueSeverities))};
};
struct SearchIssues {
  std::string experiment_id, filter_string;
  std::int64_t max_results = 100;
  std::string page_token;
  bool include_trace_count = false;
  static constexpr Field fields[] = {
      field<&SearchIssues::experiment_id>("experiment_id"), field<&SearchIssues::filter_string>("filter_string"),
      field<&SearchIssues::max_results>("max_results"), field<&SearchIssues::page_token>("page_token"),
      field<&SearchIssues::include_trace_count>("include_trace_count")};
};
struct FoundIssues {
  std::vector<Issue> issues;
  std::string next_page_token;  ///< empty, not absent, on the last page: MLflow's own
  static constexpr Field fields[] = {field<&FoundIssues::issues>("issues"),
                                     field<&FoundIssues::next_page_token>("next_page_token")};
};

std::optional<std::string> unlessEmpty(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

Issue wireOf(const tracking::Issue& i) {
  return {i.issueId,
          std::to_string(i.experiment),
          i.name,
          i.description,
          i.status,
          unlessEmpty(i.severity),
          i.rootCauses,
          unlessEmpty(i.sourceRun),
          i.createdAt,
          i.updatedAt,
          unlessEmpty(i.createdBy),
          i.categories,
          std::nullopt};
}

tracking::Issue issueFor(Call& call, Verb verb, db::Session& session, const std::string& id) {
  tracking::Issue issue = tracking::getIssue(session, call.workspace, id);
  requireExperiment(call, verb, session, issue.experiment);
  return issue;
}

OneIssue createIssue(Call& call, const CreateIssue& in) {
  tracking::Issue told{.workspace = call.workspace,
                       .experiment = parseExperimentId(in.experiment_id),
                       .name = in.name,
                       .description = in.description,
                       .severity = in.severity,
                       .rootCauses = in.root_causes,
                       .categories = in.categories,
                       .sourceRun = in.source_run_id,
                       .createdBy = in.created_by};
  if (!in.status.empty()) told.status = in.status;
  return call.core.store.change(call.actor(), [&](registry::Change& change) -> OneIssue {
    requireExperiment(call, Verb::write, change.session, told.experiment);
    return {wireOf(tracking::createIssue(change, told))};
  });
}

OneIssue getIssue(Call& call, const IssueRef& in) {
  return call.core.store.read(
      [&](db::Session& session) -> OneIssue { return {wireOf(issueFor(call, Verb::read, session, in.issue_id))}; });
}

OneIssue updateIssue(Call& call, const UpdateIssue& in) {
  return call.core.store.change(call.actor(), [&](registry::Change& change) -> OneIssue {
    tracking::Issue issue = issueFor(call, Verb::write, change.session, in.issue_id);
    if (!in.name.empty()) issue.name = in.name;
    if (!in.description.empty()) issue.description = in.description;
    if (!in.status.empty()) issue.status = in.status;
    if (!in.severity.empty()) issue.severity = in.severity;
    return {wireOf(tracking::changeIssue(change, std::move(issue)))};
  });
}

/// How many traces of its experiment point at the issue.
std::int64_t tracesOf(db::Session& session, const tracking::Issue& issue) {
  return tracking::countTraces(session, issue.workspace, {issue.experiment},
                               {fmt::format("issue.id = '{}'", issue.issueId)});
}

FoundIssues searchIssues(Call& call, const SearchIssues& in) {
  tracking::IssueSearch search{.filter = in.filter_string, .maxResults = in.max_results, .pageToken = in.page_token};
  if (!in.experiment_id.empty()) search.experiment = parseExperimentId(in.experiment_id);
  return call.core.store.read([&](db::Session& session) -> FoundIssues {
    tracking::Page<tracking::Issue> page = tracking::searchIssues(session, call.workspace, search);
    FoundIssues found{.issues = {}, .next_page_token = page.nextPageToken};
    for (const tracking::Issue& issue : page.items) {
      if (readable(call, session, {issue.experiment}).empty()) continue;
      found.issues.push_back(wireOf(issue));
      if (in.include_trace_count) found.issues.back().trace_count = tracesOf(session, issue);
    }
    return found;
  });
}

}  // namespace

std::span<const Route> issueRoutes() {
  static const Route routes[] = {
      post("/api/3.0/mlflow/issues", writes("issues"), createIssue),
      post("/api/3.0/mlflow/issues/search", scanning(reads("issues")), searchIssues),
      get("/api/3.0/mlflow/issues/{issue_id}", reads("issues"), getIssue),
      patch("/api/3.0/mlflow/issues/{issue_id}", writes("issues"), updateIssue),
  };
  return routes;
}

}  // namespace regesta::api::mlflow
