#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "api/endpoint.h"
#include "db/database.h"

namespace regesta::api {

/// The name-level check of what tracks runs, whatever the front: grants name experiments, and what lies in an
/// experiment follows it. All throw Error{denied}. A thing that does not exist passes: the call that follows says so.
void requireExperiment(const Call& call, governance::Verb verb, db::Session& session, std::int64_t experiment);
void requireRun(const Call& call, governance::Verb verb, db::Session& session, std::string_view runId);
void requireModel(const Call& call, governance::Verb verb, db::Session& session, std::string_view modelId);
/// Those of the experiments that the caller may read.
std::vector<std::int64_t> readable(const Call& call, db::Session& session, std::vector<std::int64_t> experiments);

}  // namespace regesta::api
