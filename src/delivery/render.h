#pragma once
#include <string>
#include <vector>

#include "delivery/prompt.h"

namespace regesta::policy {
class Engine;
}

namespace regesta::delivery {

/// A prompt with its variables put in.
struct RenderedPrompt {
  std::string text;      ///< text prompts
  json::array messages;  ///< chat prompts: {"role","content", …}, the caller's in place of placeholders
};

/// Renders a composed prompt. `variables` are values by name; a placeholder's is a list of messages, and an empty list
/// when it is absent. Defaults of the input_schema stand in for what is missing. Text goes in as it is, numbers and
/// booleans as JSON writes them, objects and lists as JSON; null is nothing.
///
/// Mustache and f-strings are rendered here, within limits::renderSteps and limits::renderedText; Jinja2 in a policy
/// worker. Throws Invalid{field "variables"} that names every missing variable, or the one whose value its schema does
/// not allow and why; Error{tooLarge}; Error{invalid} with the line for a template that cannot be rendered, or does too
/// much.
RenderedPrompt render(const Prompt& prompt, const json::object& variables, policy::Engine& engine);

/// The same for the formats that need no worker. Throws Error{unsupported} for Jinja2.
RenderedPrompt render(const Prompt& prompt, const json::object& variables);

}  // namespace regesta::delivery
