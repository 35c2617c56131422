#include "api/mlflow_prompt.h"

#include "base/error.h"
#include "base/json.h"

namespace regesta::api {
namespace {

prompt::Prompt parsed(std::string_view content) {
  try {
    return prompt::parsePrompt(content);
  } catch (const Error&) {
    prompt::Prompt prompt;
    json::value tree = parseJson(content);
    const json::value& text = tree.at("template");
    prompt.text = text.is_string() ? std::string(text.get_string()) : writeJson(text);
    return prompt;
  }
}

}  // namespace

prompt::Prompt promptOfMlflow(std::string_view content) {
  prompt::Prompt prompt = parsed(content);
  for (std::string_view text : prompt.templates()) {
    std::size_t open = text.find("{%");
    if (open != std::string_view::npos && text.find("%}", open) != std::string_view::npos)
      prompt.format = prompt::TemplateFormat::jinja2;
  }
  return prompt;
}

}  // namespace regesta::api
