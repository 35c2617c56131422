#include "evaluation/issue.h"

#include <algorithm>

#include "base/error.h"
#include "base/id.h"
#include "base/limits.h"
#include "base/limits_evaluation.h"
#include "db/columns.h"
#include "filter/filter_trace.h"
#include "filter/query_error.h"
#include "tracking/missing.h"
#include "tracking/ranking.h"
#include "tracking/run.h"

namespace regesta::evaluation {
namespace {

using filter::Comparator;

constexpr std::string_view columns =
    "issue_id, workspace, experiment, name, description, status, severity, root_causes, categories, source_run, "
    "created_by, created_at, updated_at";

std::int64_t rankOf(std::string_view severity) {
  auto found = std::ranges::find(issueSeverities, severity);
  return found == std::end(issueSeverities) ? -1 : found - std::begin(issueSeverities);
}

std::string packList(const std::vector<std::string>& texts) {
  return writeJson(json::array(texts.begin(), texts.end()));
}

std::vector<std::string> unpackList(std::string_view packed) {
  std::vector<std::string> texts;
  json::value list = parseJson(packed);
  for (const json::value& text : list.as_array()) texts.emplace_back(text.as_string());
  return texts;
}

Issue readIssue(const db::Rows& rows) {
  constexpr db::Columns at(columns);
  Issue issue{.issueId = rows.text(at["issue_id"]),
              .workspace = rows.text(at["workspace"]),
              .experiment = rows.integer(at["experiment"]),
              .name = rows.text(at["name"]),
              .description = rows.text(at["description"]),
              .status = rows.text(at["status"]),
              .rootCauses = unpackList(rows.view(at["root_causes"])),
              .categories = unpackList(rows.view(at["categories"])),
              .sourceRun = rows.text(at["source_run"]),
              .createdBy = rows.text(at["created_by"]),
              .createdAt = rows.integer(at["created_at"]),
              .updatedAt = rows.integer(at["updated_at"])};
  if (std::int64_t rank = rows.integer(at["severity"]); rank >= 0 && rank < std::ssize(issueSeverities))
    issue.severity = issueSeverities[rank];
  return issue;
}

void checkText(std::string_view field, std::string_view text, std::size_t most) {
  if (text.size() > most) throw Invalid(std::string(field), fmt::format("must have at most {} bytes", most));
}

void check(const Issue& issue) {
  if (std::ranges::find(issueStatuses, issue.status) == std::end(issueStatuses))
    throw Invalid("status", "must be pending, rejected or resolved");
  if (!issue.severity.empty() && rankOf(issue.severity) < 0)
    throw Invalid("severity", "must be not_an_issue, low, medium or high");
  checkText("name", issue.name, limits::nameLength);
  checkText("description", issue.description, limits::issueText);
  checkText("created_by", issue.createdBy, limits::nameLength);
  checkText("root_causes", packList(issue.rootCauses), limits::issueText);
  checkText("categories", packList(issue.categories), limits::issueText);
}

void checkCondition(const filter::Condition& condition) {
  if (condition.comparator == Comparator::equal || condition.comparator == Comparator::notEqual) return;
  filter::refuseFilter(filter::QueryRule::comparator,
                       "must compare with = or !=", filter::comparatorName(condition.comparator),
                       {"issue", "attribute", condition.key, "text", "=", "!="});
}

std::vector<filter::Condition> conditionsOf(const std::string& filter) {
  static const filter::Grammar grammar{.attributes = {{"status", "status"}, {"source_run_id", "source_run_id"}},
                                       .noun = "issue"};
  std::vector<filter::Condition> conditions = filter::parseFilter(filter, grammar);
  std::ranges::for_each(conditions, checkCondition);
  return conditions;
}

bool fits(const Issue& issue, const std::vector<filter::Condition>& conditions) {
  return std::ranges::all_of(conditions, [&](const filter::Condition& one) {
    const std::string& text = one.key == "status" ? issue.status : issue.sourceRun;
    return filter::matches(one, text.empty() ? filter::Cell() : filter::Cell(text));
  });
}

}  // namespace

Issue createIssue(registry::Change& change, Issue told) {
  check(told);
  tracking::requireActive(tracking::getExperiment(change.transaction, told.workspace, told.experiment));
  if (!told.sourceRun.empty()) tracking::getRun(change.transaction, told.workspace, told.sourceRun);
  told.issueId = "iss-" + randomHex(16);
  told.createdAt = told.updatedAt = change.now;
  change.transaction.run(
      fmt::format("INSERT INTO issue ({}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)", columns),
      {told.issueId, told.workspace, told.experiment, told.name, told.description, told.status, rankOf(told.severity),
       packList(told.rootCauses), packList(told.categories), told.sourceRun, told.createdBy, told.createdAt,
       told.updatedAt});
  change.record(registry::Action::issueCreated, told.workspace, "issue/" + told.issueId,
                {{"experiment", told.experiment}, {"status", told.status}});
  return told;
}

Issue getIssue(db::Transaction& transaction, std::string_view workspace, std::string_view issueId) {
  db::Rows rows = transaction.query(fmt::format("SELECT {} FROM issue WHERE workspace = $1 AND issue_id = $2", columns),
                                    {workspace, issueId});
  if (!rows.next()) throw tracking::Missing("issue", issueId);
  return readIssue(rows);
}

Issue changeIssue(registry::Change& change, Issue issue) {
  check(issue);
  issue.updatedAt = change.now;
  change.transaction.run(
      "UPDATE issue SET name = $3, description = $4, status = $5, severity = $6, updated_at = $7 "
      "WHERE workspace = $1 AND issue_id = $2",
      {issue.workspace, issue.issueId, issue.name, issue.description, issue.status, rankOf(issue.severity),
       issue.updatedAt});
  change.record(registry::Action::issueChanged, issue.workspace, "issue/" + issue.issueId, {{"status", issue.status}});
  return issue;
}

tracking::Page<Issue> searchIssues(db::Transaction& transaction, std::string_view workspace,
                                   const IssueSearch& search) {
  tracking::checkMaxResults(search.maxResults);
  std::vector<filter::Condition> conditions = conditionsOf(search.filter);
  std::int64_t skip = tracking::pageOffset(search.pageToken), seen = 0;
  db::Rows rows =
      transaction.query(fmt::format("SELECT {} FROM issue WHERE workspace = $1 AND ($2 < 0 OR experiment = $2) "
                                    "ORDER BY severity DESC, created_at DESC, id DESC",
                                    columns),
                        {workspace, search.experiment.value_or(-1)});
  tracking::Page<Issue> page;
  while (rows.next()) {
    Issue issue = readIssue(rows);
    if (!search.mayRead(issue.experiment) || !fits(issue, conditions) || seen++ < skip) continue;
    if (std::ssize(page.items) == search.maxResults) {
      page.nextPageToken = filter::pageToken(skip + search.maxResults);
      break;
    }
    page.items.push_back(std::move(issue));
  }
  return page;
}

}  // namespace regesta::evaluation
