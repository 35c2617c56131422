#pragma once
#include <string>
#include <vector>

#include "prompt/prompt.h"

namespace regesta::policy {
class Engine;
}

namespace regesta::prompt {

/// A rendered prompt.
struct RenderedPrompt {
  std::string text;      ///< text prompts
  json::array messages;  ///< chat prompts: {"role","content", …}, with the caller's messages for placeholders
};

/// Renders a composed prompt. `variables` are values by name; a placeholder's value is a list of messages (default:
/// empty). Missing values get the defaults of the input_schema. Text is inserted unchanged, other values as JSON, null
/// as an empty text.
///
/// Mustache and f-strings are rendered here, within limits::renderSteps and limits::renderedText; Jinja2 in a policy
/// worker. Throws Invalid{field "variables"} that names every missing variable (`detail` is {"missing":[…]}), or the
/// one whose value its schema does not allow and why; Error{tooLarge}; Error{invalid} with the line for a template that
/// cannot be rendered or exceeds a limit.
RenderedPrompt render(const Prompt& prompt, const json::object& variables, policy::Engine& engine);

/// The same without a worker. Throws Error{unsupported} for Jinja2.
RenderedPrompt render(const Prompt& prompt, const json::object& variables);

}  // namespace regesta::prompt
