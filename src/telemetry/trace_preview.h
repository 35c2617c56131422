#pragma once
#include <string>
#include <string_view>

namespace regesta::telemetry {

/// Preview of a trace's input or output for lists: of chat messages in OpenAI's formats the last one of `role`, of
/// anything else its JSON; at most limits::tracePreview characters.
std::string previewOf(const std::string& jsonText, std::string_view role);

}  // namespace regesta::telemetry
