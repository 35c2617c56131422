#include "api/mlflow/artifact_scope.h"

#include "api/tracking_scope.h"
#include "base/text.h"

namespace regesta::api::mlflow {

void requireArtifact(const Call& call, governance::Verb verb, db::Session& session, std::string_view path) {
  if (std::optional<std::int64_t> experiment = parseInteger(path.substr(0, path.find('/'))))
    requireExperiment(call, verb, session, *experiment);
}

}  // namespace regesta::api::mlflow
