#include "api/tracking_scope.h"

#include "tracking/owner.h"
#include "tracking/rules.h"

namespace regesta::api {
namespace {

using access::Verb;

template <class Allows>
void require(const Call& call, Verb verb, const Allows& allows, const tracking::Missing& absent) {
  governance::requireVisible(*call.identity, verb, call.workspace, absent.kind, allows, absent);
}

}  // namespace

void requireExperiment(const Call& call, Verb verb, db::Transaction& transaction, std::int64_t experiment) {
  requirePart(call, verb, transaction, experiment, {"experiment", std::to_string(experiment)});
}

void requireRun(const Call& call, Verb verb, db::Transaction& transaction, std::string_view runId) {
  governance::Scope scope = scopeOf(call, transaction);
  require(call, verb, [&](Verb needed) { return scope.run(needed, runId); }, {"run", runId});
}

void requireModel(const Call& call, Verb verb, db::Transaction& transaction, std::string_view modelId) {
  governance::Scope scope = scopeOf(call, transaction);
  require(call, verb, [&](Verb needed) { return scope.model(needed, modelId); }, {"logged model", modelId});
}

void requirePart(const Call& call, Verb verb, db::Transaction& transaction, std::int64_t experiment,
                 const tracking::Missing& absent) {
  governance::Scope scope = scopeOf(call, transaction);
  require(call, verb, [&](Verb needed) { return scope.experiment(needed, experiment); }, absent);
}

void requirePath(const Call& call, Verb verb, db::Transaction& transaction, std::string_view path) {
  if (!scopeOf(call, transaction).path(verb, path))
    throw governance::lacking(*call.identity, verb, call.workspace, "path");
}

void requireLocation(const Call& call, db::Transaction& transaction, std::string_view artifactLocation) {
  if (artifactLocation.empty()) return;
  std::string folder = tracking::artifactFolder(tracking::checkArtifactLocation(artifactLocation), call.workspace);
  std::string root = tracking::artifactFolder(call.core.artifactRoot, call.workspace);
  if (!scopeOf(call, transaction).location(folder, root))
    throw Error(Code::denied,
                "artifact_location is in, or contains, a location that you may not write to; omit it, or name a folder "
                "that no experiment has");
}

telemetry::Reach reachOf(const Call& call, Verb verb, db::Transaction& transaction) {
  return [scope = scopeOf(call, transaction), verb](std::int64_t id) { return scope.experiment(verb, id); };
}

std::vector<std::int64_t> readable(const Call& call, db::Transaction& transaction,
                                   std::vector<std::int64_t> experiments) {
  governance::Scope scope = scopeOf(call, transaction);
  if (!scope.everything(Verb::read))
    std::erase_if(experiments, [&](std::int64_t id) { return !scope.experiment(Verb::read, id); });
  return experiments;
}

}  // namespace regesta::api
