#include "api/tracking_scope.h"

#include "tracking/experiment.h"
#include "tracking/logged_model.h"
#include "tracking/run.h"

namespace regesta::api {
namespace {

using governance::Verb;

/// True for nearly everybody: a grant that is not restricted to some names. No asset and no experiment has this name,
/// so only the pattern "*" lets it pass.
bool unrestricted(const Call& call, Verb verb) { return call.identity->may(verb, call.workspace, "\x1f"); }

bool mayOn(const Call& call, Verb verb, db::Session& session, std::int64_t experiment) {
  auto found = tracking::findExperiment(session, call.workspace, experiment);
  return !found || call.identity->may(verb, call.workspace, found->name);
}

}  // namespace

void requireExperiment(const Call& call, Verb verb, db::Session& session, std::int64_t experiment) {
  if (unrestricted(call, verb)) return;
  if (auto found = tracking::findExperiment(session, call.workspace, experiment)) call.require(verb, found->name);
}

void requireRun(const Call& call, Verb verb, db::Session& session, std::string_view runId) {
  if (unrestricted(call, verb)) return;
  if (auto run = tracking::findRun(session, call.workspace, runId))
    requireExperiment(call, verb, session, run->experiment);
}

void requireModel(const Call& call, Verb verb, db::Session& session, std::string_view modelId) {
  if (unrestricted(call, verb)) return;
  auto model = tracking::findLoggedModel(session, modelId);
  if (model && model->workspace == call.workspace) requireExperiment(call, verb, session, model->experiment);
}

std::vector<std::int64_t> readable(const Call& call, db::Session& session, std::vector<std::int64_t> experiments) {
  if (!unrestricted(call, Verb::read))
    std::erase_if(experiments, [&](std::int64_t id) { return !mayOn(call, Verb::read, session, id); });
  return experiments;
}

}  // namespace regesta::api
