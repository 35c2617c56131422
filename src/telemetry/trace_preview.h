#pragma once
#include <string>
#include <string_view>

#include "base/json.h"

namespace regesta::telemetry {

/// JSON as MLflow's server writes it, with a blank after commas and colons.
std::string pythonJson(const json::value& value);
/// Preview of a trace's input or output for lists: of chat messages in OpenAI's formats the last one of `role`, of
/// anything else its JSON; at most limits::tracePreview characters.
std::string previewOf(const std::string& jsonText, std::string_view role);

}  // namespace regesta::telemetry
