#include "api/native/runs.h"

#include "base/text.h"
#include "tracking/run_search.h"

namespace regesta::api::native {

namespace {

RunAnswer answerOf(const tracking::Run& run) {
  RunAnswer answer;
  answer.id = run.runId;
  answer.name = run.name;
  answer.experimentId = std::to_string(run.experiment);
  answer.status = tracking::statusName(run.status);
  answer.user = run.userId;
  answer.startedAt = timeText(run.startTime);
  answer.endedAt = timeText(run.endTime.value_or(0));
  for (const tracking::Metric& metric : run.metrics)
    answer.metrics.push_back({metric.key, metric.value, metric.timestamp, metric.step});
  answer.params = {run.params.begin(), run.params.end()};
  answer.tags = {run.tags.begin(), run.tags.end()};
  answer.artifactUri = run.artifactUri;
  for (const tracking::DatasetInput& input : run.links.inputs) answer.datasets.push_back({input.name, input.digest});
  for (const tracking::ModelOutput& output : run.links.outputs) answer.loggedModels.push_back(output.modelId);
  answer.sealedDigest = textOrNothing(run.sealedDigest);
  answer.deleted = run.deleted;
  return answer;
}

std::vector<std::int64_t> experimentsOf(db::Session& session, const Call& call, const std::string& named) {
  std::vector<std::int64_t> ids;
  if (named.empty()) {
    for (const auto& experiment : tracking::listExperiments(session, call.workspace, tracking::View::activeOnly))
      ids.push_back(experiment.id);
    return ids;
  }
  auto found = tracking::findExperimentByName(session, call.workspace, named);
  if (!found)
    if (auto id = parseInteger(named)) found = tracking::findExperiment(session, call.workspace, *id);
  if (!found) throw error(Code::notFound, "there is no experiment '{}'", named);
  return {found->id};
}

}  // namespace

Page<RunAnswer> listRuns(Call& call, const RunQuery& query) {
  auto found = call.core.store.read([&](db::Session& session) {
    tracking::RunSearch search;
    search.experiments = experimentsOf(session, call, query.experiment);
    search.filter = query.filter;
    search.maxResults = static_cast<std::int64_t>(rowsOf(query.pageSize));
    search.pageToken = query.pageToken;
    return tracking::searchRuns(session, call.workspace, search);
  });
  Page<RunAnswer> page;
  for (const tracking::Run& run : found.items) page.items.push_back(answerOf(run));
  page.nextPageToken = textOrNothing(found.nextPageToken);
  return page;
}

RunAnswer getRun(Call& call, const RunPath& path) {
  return answerOf(
      call.core.store.read([&](db::Session& session) { return tracking::getRun(session, call.workspace, path.id); }));
}

}  // namespace regesta::api::native
