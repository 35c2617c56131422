#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "delivery/prompt_file.h"

/// Prompts out of what other products export. All readers are pure, take hostile bytes, and throw Invalid that says
/// which prompt is wrong. What comes out is registered like any file: the same export twice makes nothing new.
namespace regesta::delivery {

/// Langfuse: one prompt as GET /api/public/v2/prompts/{name} answers it, a list of them, {"data":[…]}, or one a line.
/// Versions come in order; labels but "latest" are aliases, tags are tags, the commit message is the description.
std::vector<PromptFile> importLangfuse(std::string_view bytes);

/// PromptLayer: a prompt template as its REST API answers it ("prompt_name", "prompt_template"), a list, or
/// {"items":[…]}. metadata.model becomes the model_config, release labels become aliases.
std::vector<PromptFile> importPromptLayer(std::string_view bytes);

/// What one copies out of OpenAI's dashboard or code: an object with "instructions", "input" or "messages", a list of
/// messages, or the bare text. `name` is for what has none.
std::vector<PromptFile> importOpenAi(std::string_view bytes, std::string_view name);

/// One mention of a reusable prompt's id, pmpt_…, in somebody's code.
struct PromptId {
  std::string id;
  std::size_t line = 0;
};
std::vector<PromptId> promptIdsIn(std::string_view text);

/// promptfoo: the `prompts` of a configuration, whose templates are Nunjucks, read as Jinja2. `read` gives the text of
/// a file:// reference, relative to the configuration, or nothing; the first provider's model becomes the model_config.
using ReadFile = std::function<std::optional<std::string>(const std::string& path)>;
std::vector<PromptFile> importPromptfoo(std::string_view path, std::string_view bytes, const ReadFile& read);

}  // namespace regesta::delivery
