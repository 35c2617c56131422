#include "api/native/experiments.h"

#include "tracking/experiment.h"

namespace regesta::api::native {

Page<ExperimentAnswer> listExperiments(Call& call, const ExperimentQuery& query) {
  std::int64_t after = query.pageToken.empty() ? -1 : readNumberToken(query.pageToken);
  auto all = call.core.store.read([&](db::Transaction& transaction) {
    return tracking::listExperiments(transaction, call.workspace, tracking::View::activeOnly);
  });
  Page<ExperimentAnswer> page;
  for (const tracking::Experiment& experiment : all) {
    if (experiment.id <= after || !call.identity->may(access::Verb::read, call.workspace, experiment.name)) continue;
    if (page.items.size() == rowsOf(query.pageSize)) {
      page.nextPageToken = makeToken(page.items.back().id);
      break;
    }
    page.items.push_back({std::to_string(experiment.id),
                          experiment.name,
                          timeText(experiment.createdAt),
                          timeText(experiment.updatedAt),
                          {experiment.tags.begin(), experiment.tags.end()}});
  }
  return page;
}

}  // namespace regesta::api::native
