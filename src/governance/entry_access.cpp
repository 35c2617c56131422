#include "governance/entry_access.h"

#include <algorithm>

#include "access/grants.h"
#include "base/text.h"
#include "governance/incident.h"
#include "registry/action.h"
#include "registry/asset.h"
#include "tracking/experiment.h"
#include "tracking/logged_model.h"
#include "tracking/run.h"

namespace regesta::governance {
namespace {

using Of = EntryScope::Of;

/// Things that belong to no asset and no experiment.
constexpr std::string_view ofWorkspace[] = {"workspace"};
/// Things that follow their experiment, whose name grants are about.
constexpr std::string_view ofExperiment[] = {"experiment", "run", "logged-model", "issue"};

/// The asset's name in "<name>", "<name>@7" or "<name>#production". Names may hold both marks, so where the action does
/// not tell, each reading counts and all of them must be readable.
std::vector<std::string> namesIn(std::string_view rest, std::string_view action, std::string_view pointer) {
  auto before = [&](std::size_t end) { return std::string(rest.substr(0, end)); };
  registry::SubjectKind kind = registry::subjectKindOf(action);
  if (kind == registry::SubjectKind::asset) return {before(rest.size())};
  if (kind == registry::SubjectKind::version) return {before(rest.rfind('@'))};
  std::string suffix = fmt::format("#{}", pointer);
  if (!pointer.empty() && rest.ends_with(suffix)) return {before(rest.size() - suffix.size())};
  std::vector<std::string> names{before(rest.size())};
  for (char mark : {'#', '@'})
    if (std::size_t at = rest.rfind(mark); at != std::string_view::npos) names.push_back(before(at));
  return names;
}

EntryScope scopeOfRequest(db::Transaction& transaction, std::string_view number, std::string workspace) {
  auto id = parseInteger(number);
  db::Rows rows = transaction.query("SELECT workspace, name FROM change_request WHERE id = $1", {id.value_or(0)});
  if (!id || !rows.next() || rows.view(0) != workspace) return {Of::everyName, std::move(workspace)};
  return {Of::asset, std::move(workspace), {rows.text(1)}};
}

/// About the asset, whatever its name is by now.
EntryScope scopeOfIncident(db::Transaction& transaction, std::string_view number, std::string workspace) {
  auto incident = findIncident(transaction, workspace, parseInteger(number).value_or(0));
  if (!incident || incident->deleted) return {Of::everyName, std::move(workspace)};
  return {Of::asset, std::move(workspace), {incident->key.name}};
}

std::optional<std::int64_t> experimentOf(db::Transaction& transaction, const std::string& workspace,
                                         std::string_view kind, std::string_view rest, std::string_view told) {
  if (kind == "experiment") return parseInteger(rest);
  if (auto number = parseInteger(told)) return number;
  if (kind == "run")
    if (auto run = tracking::findRun(transaction, workspace, rest)) return run->experiment;
  if (kind == "logged-model")
    if (auto model = tracking::findLoggedModel(transaction, rest); model && model->workspace == workspace)
      return model->experiment;
  return std::nullopt;
}

/// Names that grants are about, too.
EntryScope scopeOfDataset(db::Transaction& transaction, std::string_view id, std::string name, std::string workspace) {
  if (name.empty()) {
    db::Rows rows = transaction.query("SELECT name FROM evaluation_dataset WHERE workspace = $1 AND dataset_id = $2",
                                      {workspace, id});
    if (rows.next()) name = rows.text(0);
  }
  if (name.empty()) return {Of::everyName, std::move(workspace)};
  return {Of::asset, std::move(workspace), {std::move(name)}};
}

EntryScope scopeOfExperiment(db::Transaction& transaction, std::optional<std::int64_t> id, std::string workspace) {
  auto experiment = id ? tracking::findExperiment(transaction, workspace, *id) : std::nullopt;
  if (!experiment) return {Of::everyName, std::move(workspace)};
  return {Of::asset, std::move(workspace), {experiment->name}};
}

bool administersOrAudits(const access::Identity& identity, std::string_view workspace) {
  return identity.may(access::Verb::administer, workspace, access::everyName) ||
         std::ranges::count(identity.rolesOn(workspace, access::everyName), "auditor") > 0;
}

}  // namespace

EntryScope scopeOf(db::Transaction& transaction, const json::object& body) {
  std::string workspace = memberText(body, "workspace"), subject = memberText(body, "subject"),
              action = memberText(body, "action");
  if (workspace.empty()) return {};
  std::size_t slash = subject.find('/');
  std::string_view kind = std::string_view(subject).substr(0, slash);
  std::string_view rest = slash == std::string::npos ? std::string_view() : std::string_view(subject).substr(slash + 1);
  if (kind == "change-request") return scopeOfRequest(transaction, rest, std::move(workspace));
  if (kind == "incident") return scopeOfIncident(transaction, rest, std::move(workspace));
  if (kind == "webhook" || kind == "connection") return {Of::configuration, std::move(workspace)};
  if (kind == "git") return {Of::everyName, std::move(workspace)};
  if (std::ranges::find(ofWorkspace, kind) != std::end(ofWorkspace)) return {Of::workspace, std::move(workspace)};
  const json::value* found = body.if_contains("data");
  const json::object* data = found ? found->if_object() : nullptr;
  auto told = [&](std::string_view name) { return data ? memberText(*data, name) : std::string(); };
  if (kind == "evaluation-dataset") return scopeOfDataset(transaction, rest, told("name"), std::move(workspace));
  if (std::ranges::find(ofExperiment, kind) != std::end(ofExperiment)) {
    std::string experiment = told("experiment");
    if (std::int64_t number = data ? memberInteger(*data, "experiment") : 0) experiment = std::to_string(number);
    auto id = experimentOf(transaction, workspace, kind, rest, experiment);
    return scopeOfExperiment(transaction, id, std::move(workspace));
  }
  if (!registry::parseKind(kind)) return {Of::everyName, std::move(workspace)};
  std::string pointer = told("pointer");
  return {Of::asset, std::move(workspace), namesIn(rest, action, pointer)};
}

bool mayRead(const access::Identity& identity, const EntryScope& scope) {
  switch (scope.of) {
    case Of::asset:
      return std::ranges::all_of(scope.names, [&](const std::string& name) {
        return !name.empty() && identity.may(access::Verb::read, scope.workspace, name);
      });
    case Of::workspace:
      return identity.may(access::Verb::read, scope.workspace);
    case Of::everyName:
      return identity.may(access::Verb::read, scope.workspace, access::everyName);
    case Of::configuration:
      return administersOrAudits(identity, scope.workspace);
    case Of::administration:
      return administersOrAudits(identity, "*");
  }
  return false;
}

}  // namespace regesta::governance
