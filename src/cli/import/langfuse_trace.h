#pragma once
#include "cli/import/source.h"

namespace regesta::cli {

/// A trace of GET /api/public/traces/{id} with its observations as spans, in the attributes of Langfuse's SDKs. Ids
/// that OpenTelemetry does not know (UUIDs, free text) become digits of the same kind everywhere.
SourceItem traceOfLangfuse(const json::object& wire);

/// A score of GET /api/public/v2/scores as its SDKs send one, with the ids that its trace and observation have here.
json::object scoreOfLangfuse(const json::object& wire);

}  // namespace regesta::cli
