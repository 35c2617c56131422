#include "api/tracking_scope.h"

#include "tracking/owner.h"
#include "tracking/rules.h"

namespace regesta::api {
namespace {

using access::Verb;

void require(bool allowed, const Call& call, Verb verb, std::string_view what) {
  if (!allowed) throw governance::hidden(*call.identity, verb, call.workspace, what);
}

}  // namespace

void requireExperiment(const Call& call, Verb verb, db::Transaction& transaction, std::int64_t experiment) {
  require(scopeOf(call, transaction).experiment(verb, experiment), call, verb, "experiment");
}

void requireRun(const Call& call, Verb verb, db::Transaction& transaction, std::string_view runId) {
  require(scopeOf(call, transaction).run(verb, runId), call, verb, "run");
}

void requireModel(const Call& call, Verb verb, db::Transaction& transaction, std::string_view modelId) {
  require(scopeOf(call, transaction).model(verb, modelId), call, verb, "logged model");
}

void requirePath(const Call& call, Verb verb, db::Transaction& transaction, std::string_view path) {
  require(scopeOf(call, transaction).path(verb, path), call, verb, "path");
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

std::vector<std::int64_t> readable(const Call& call, db::Transaction& transaction,
                                   std::vector<std::int64_t> experiments) {
  governance::Scope scope = scopeOf(call, transaction);
  if (!scope.everything(Verb::read))
    std::erase_if(experiments, [&](std::int64_t id) { return !scope.experiment(Verb::read, id); });
  return experiments;
}

}  // namespace regesta::api
