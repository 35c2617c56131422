#pragma once
#include <vector>

#include "cli/command.h"
#include "cli/model/endpoint.h"
#include "cli/session.h"

namespace regesta::cli {

/// The options of every command that asks a model.
std::vector<Option> modelOptions();
/// What they say. The key comes from --model-key-file, else from OPENAI_API_KEY. Throws UsageError.
EndpointOptions endpointOf(const Session& session);
int concurrencyOf(const Session& session);

/// Renders a stored version through its server. Each call makes one with a connection of its own.
json::array renderedBy(Api& api, const std::string& prompt, std::int64_t version, const json::object& vars);

}  // namespace regesta::cli
