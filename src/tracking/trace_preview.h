#pragma once
#include <string>
#include <string_view>

namespace regesta::tracking {

/// The beginning of what went into a trace or came out of it, as lists of traces show it: of chat messages in the
/// formats of OpenAI the last one of `role`, of anything else its JSON; at most limits::tracePreview characters.
std::string previewOf(const std::string& jsonText, std::string_view role);

}  // namespace regesta::tracking
