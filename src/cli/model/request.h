#pragma once
#include <string>

#include "base/json.h"

namespace regesta::cli {

/// The model settings of a prompt version.
struct ModelSettings {
  json::value modelConfig;     ///< any of the names that prompts use: temperature, maxOutputTokens, stop_sequences, …
  json::value responseFormat;  ///< null, OpenAI's own form, or a JSON Schema
  json::array tools;
};

/// The body of /chat/completions for these messages: known settings by OpenAI's names, unknown ones left out. `model`
/// wins over what the settings name; "openai:" and "openai:chat:" in front of a name (promptfoo's way) are cut off.
json::object completionRequest(const ModelSettings& settings, const json::array& messages, const std::string& model);

/// The model that the request goes to; empty if neither names one.
std::string modelOf(const ModelSettings& settings, const std::string& model);
std::string bareModel(std::string_view name);

}  // namespace regesta::cli
