#include "api/mlflow/runs.h"

#include "api/mlflow/artifact_list.h"
#include "api/mlflow/tracking_wire.h"
#include "api/tracking_scope.h"
#include "base/limits.h"
#include "governance/gate.h"
#include "tracking/history.h"
#include "tracking/rules.h"
#include "tracking/run_search.h"

namespace regesta::api::mlflow {
namespace {

using access::Verb;
using tracking::parseExperimentId;
using wire::KeyValue;

constexpr std::string_view statusWords[] = {"RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"};

struct OneRun {
  wire::Run run;
  static constexpr Field fields[] = {field<&OneRun::run>("run")};
};
struct CreateRun {
  std::string experiment_id, user_id, run_name;
  std::int64_t start_time = 0;
  std::vector<KeyValue> tags;
  static constexpr Field fields[] = {field<&CreateRun::experiment_id>("experiment_id"),
                                     field<&CreateRun::user_id>("user_id"), field<&CreateRun::run_name>("run_name"),
                                     field<&CreateRun::start_time>("start_time"), field<&CreateRun::tags>("tags")};
};
struct UpdateRun {
  std::string run_id, run_uuid, status, run_name;
  std::optional<std::int64_t> end_time;
  static constexpr Field fields[] = {field<&UpdateRun::run_id>("run_id"), field<&UpdateRun::run_uuid>("run_uuid"),
                                     field<&UpdateRun::status>("status", oneOf(statusWords)),
                                     field<&UpdateRun::end_time>("end_time"), field<&UpdateRun::run_name>("run_name")};
};
struct UpdatedRun {
  wire::RunInfo run_info;
  static constexpr Field fields[] = {field<&UpdatedRun::run_info>("run_info")};
};
struct SearchRuns {
  std::vector<std::string> experiment_ids, order_by;
  std::string filter, run_view_type, page_token;
  std::int32_t max_results = 1000;
  static constexpr Field fields[] = {
      field<&SearchRuns::experiment_ids>("experiment_ids"),
      field<&SearchRuns::filter>("filter"),
      field<&SearchRuns::run_view_type>("run_view_type", oneOf(wire::viewWords)),
      field<&SearchRuns::max_results>("max_results", atMost(limits::trackingSearchResults)),
      field<&SearchRuns::order_by>("order_by"),
      field<&SearchRuns::page_token>("page_token")};
};
struct FoundRuns {
  std::vector<wire::Run> runs;
  std::optional<std::string> next_page_token;
  static constexpr Field fields[] = {field<&FoundRuns::runs>("runs"),
                                     field<&FoundRuns::next_page_token>("next_page_token")};
};
struct ListArtifacts {
  std::string run_id, run_uuid, path, page_token;
  static constexpr Field fields[] = {field<&ListArtifacts::run_id>("run_id"),
                                     field<&ListArtifacts::run_uuid>("run_uuid"), field<&ListArtifacts::path>("path"),
                                     field<&ListArtifacts::page_token>("page_token")};
};

OneRun createRun(Call& call, const CreateRun& in) {
  tracking::NewRun made{.experiment = parseExperimentId(in.experiment_id),
                        .userId = in.user_id,
                        .name = in.run_name,
                        .startTime = in.start_time,
                        .tags = wire::textsOf(in.tags)};
  return call.core.store.write([&](db::Transaction& transaction) -> OneRun {
    requireExperiment(call, Verb::write, transaction, made.experiment);
    wire::Datasets datasets(transaction);
    OneRun answer{wire::runOf(tracking::createRun(transaction, call.workspace, made), datasets)};
    answer.run.outputs.reset();
    return answer;
  });
}

OneRun getRun(Call& call, const wire::RunRef& in) {
  return call.core.store.read([&](db::Transaction& transaction) -> OneRun {
    tracking::Run run = tracking::getRun(transaction, call.workspace, wire::runIdOf(in));
    requirePart(call, Verb::read, transaction, run.experiment, {"run", run.runId});
    wire::Datasets datasets(transaction);
    return {wire::runOf(std::move(run), datasets)};
  });
}

UpdatedRun updateRun(Call& call, const UpdateRun& in) {
  const std::string& runId = wire::runIdOf(in);
  call.core.store.read([&](db::Transaction& transaction) { requireRun(call, Verb::write, transaction, runId); });
  tracking::RunUpdate update{.endTime = in.end_time, .name = in.run_name};
  if (!in.status.empty()) update.status = tracking::parseStatus(in.status);
  tracking::Run run = tracking::updateRun(call.core.store, call.actor(), call.workspace, runId, update);
  if (update.status && tracking::isTerminal(*update.status))
    tracking::compactHistory(call.core.store, call.workspace, runId);
  return {wire::infoOf(run)};
}

Empty deleteRun(Call& call, const wire::RunRef& in) {
  const std::string& runId = wire::runIdOf(in);
  call.core.store.change(call.actor(), [&](registry::Change& change) {
    requireRun(call, Verb::write, change.transaction, runId);
    tracking::deleteRun(change, call.workspace, runId,
                        governance::Gate::removal(change, *call.identity, call.workspace, "run/" + std::string(runId)));
  });
  return {};
}

Empty restoreRun(Call& call, const wire::RunRef& in) {
  const std::string& runId = wire::runIdOf(in);
  call.core.store.change(call.actor(), [&](registry::Change& change) {
    requireRun(call, Verb::write, change.transaction, runId);
    tracking::restoreRun(change, call.workspace, runId);
  });
  return {};
}

FoundRuns searchRuns(Call& call, const SearchRuns& in) {
  tracking::RunSearch search{.filter = in.filter,
                             .orderBy = in.order_by,
                             .view = wire::viewOf(in.run_view_type),
                             .maxResults = in.max_results,
                             .pageToken = in.page_token};
  for (const std::string& id : in.experiment_ids) search.experiments.push_back(parseExperimentId(id));
  return call.core.store.read([&](db::Transaction& transaction) {
    search.experiments = readable(call, transaction, std::move(search.experiments));
    auto page = tracking::searchRuns(transaction, call.workspace, search);
    wire::Datasets datasets(transaction);
    FoundRuns found;
    found.runs.reserve(page.items.size());
    for (tracking::Run& run : page.items) found.runs.push_back(wire::runOf(std::move(run), datasets));
    if (!page.nextPageToken.empty()) found.next_page_token = page.nextPageToken;
    return found;
  });
}

wire::FileList listArtifacts(Call& call, const ListArtifacts& in) {
  auto uri = call.core.store.read([&](db::Transaction& transaction) {
    tracking::Run run = tracking::getRun(transaction, call.workspace, wire::runIdOf(in));
    requirePart(call, Verb::read, transaction, run.experiment, {"run", run.runId});
    return run.artifactUri;
  });
  return listBelow(call, uri, in.path);
}

}  // namespace

std::span<const Route> runRoutes() {
  static const Route routes[] = {
      post("/api/2.0/mlflow/runs/create", "Create a run", writes("runs"), createRun),
      get("/api/2.0/mlflow/runs/get", "Get a run", reads("runs"), getRun),
      post("/api/2.0/mlflow/runs/update", "Update the status, end time or name of a run", writes("runs"), updateRun),
      post("/api/2.0/mlflow/runs/delete", "Delete a run", writes("runs"), deleteRun),
      post("/api/2.0/mlflow/runs/restore", "Restore a deleted run", writes("runs"), restoreRun),
      post("/api/2.0/mlflow/runs/search", "Search runs", scanning(reads("runs")), searchRuns),
      get("/api/2.0/mlflow/artifacts/list", "List artifacts of a run", scanning(reads("runs")), listArtifacts),
  };
  return routes;
}

}  // namespace regesta::api::mlflow
