#include <map>

#include "api/mlflow/evaluation.h"
#include "api/tracking_scope.h"
#include "evaluation/issue.h"
#include "telemetry/trace_search.h"
#include "tracking/rules.h"

namespace regesta::api::mlflow {
namespace {

using access::Verb;
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
  static constexpr Field fields[] = {
      field<&CreateIssue::experiment_id>("experiment_id", required),
      field<&CreateIssue::name>("name", required),
      field<&CreateIssue::description>("description", required),
      field<&CreateIssue::status>("status", about("pending, rejected or resolved")),
      field<&CreateIssue::severity>("severity", about("not_an_issue, low, medium or high")),
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
  static constexpr Field fields[] = {
      field<&UpdateIssue::issue_id>("issue_id", required), field<&UpdateIssue::name>("name"),
      field<&UpdateIssue::description>("description"),
      field<&UpdateIssue::status>("status", about("pending, rejected or resolved")),
      field<&UpdateIssue::severity>("severity", about("not_an_issue, low, medium or high"))};
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

Issue wireOf(const evaluation::Issue& i) {
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

evaluation::Issue issueFor(Call& call, Verb verb, db::Transaction& transaction, const std::string& id) {
  evaluation::Issue issue = evaluation::getIssue(transaction, call.workspace, id);
  requirePart(call, verb, transaction, issue.experiment, {"issue", id});
  return issue;
}

OneIssue createIssue(Call& call, const CreateIssue& in) {
  evaluation::Issue told{.workspace = call.workspace,
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
    requireExperiment(call, Verb::write, change.transaction, told.experiment);
    if (!told.sourceRun.empty()) requireRun(call, Verb::read, change.transaction, told.sourceRun);
    return {wireOf(evaluation::createIssue(change, told))};
  });
}

OneIssue getIssue(Call& call, const IssueRef& in) {
  return call.core.store.read([&](db::Transaction& transaction) -> OneIssue {
    return {wireOf(issueFor(call, Verb::read, transaction, in.issue_id))};
  });
}

OneIssue updateIssue(Call& call, const UpdateIssue& in) {
  return call.core.store.change(call.actor(), [&](registry::Change& change) -> OneIssue {
    evaluation::Issue issue = issueFor(call, Verb::write, change.transaction, in.issue_id);
    if (!in.name.empty()) issue.name = in.name;
    if (!in.description.empty()) issue.description = in.description;
    if (!in.status.empty()) issue.status = in.status;
    if (!in.severity.empty()) issue.severity = in.severity;
    return {wireOf(evaluation::changeIssue(change, std::move(issue)))};
  });
}

/// How many traces of its experiment point at the issue.
std::int64_t tracesOf(db::Transaction& transaction, const evaluation::Issue& issue) {
  return telemetry::countTraces(transaction, issue.workspace, {issue.experiment},
                                {fmt::format("issue.id = '{}'", issue.issueId)});
}

FoundIssues searchIssues(Call& call, const SearchIssues& in) {
  evaluation::IssueSearch search{.filter = in.filter_string, .maxResults = in.max_results, .pageToken = in.page_token};
  if (!in.experiment_id.empty()) search.experiment = parseExperimentId(in.experiment_id);
  return call.core.store.read([&](db::Transaction& transaction) -> FoundIssues {
    std::map<std::int64_t, bool> known;
    search.mayRead = [&](std::int64_t experiment) {
      auto [place, fresh] = known.try_emplace(experiment);
      if (fresh) place->second = !readable(call, transaction, {experiment}).empty();
      return place->second;
    };
    tracking::Page<evaluation::Issue> page = evaluation::searchIssues(transaction, call.workspace, search);
    FoundIssues found{.issues = {}, .next_page_token = page.nextPageToken};
    for (const evaluation::Issue& issue : page.items) {
      found.issues.push_back(wireOf(issue));
      if (in.include_trace_count) found.issues.back().trace_count = tracesOf(transaction, issue);
    }
    return found;
  });
}

}  // namespace

std::span<const Route> issueRoutes() {
  static const Route routes[] = {
      post("/api/3.0/mlflow/issues", "Create an issue", writes("issues"), createIssue),
      post("/api/3.0/mlflow/issues/search", "Search issues", scanning(reads("issues")), searchIssues),
      get("/api/3.0/mlflow/issues/{issue_id}", "Get an issue", reads("issues"), getIssue),
      patch("/api/3.0/mlflow/issues/{issue_id}", "Update an issue", writes("issues"), updateIssue),
  };
  return routes;
}

}  // namespace regesta::api::mlflow
