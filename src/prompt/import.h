#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "prompt/prompt_file.h"

/// Prompts from exports of other products. All readers are pure, accept untrusted bytes, and throw Invalid that names
/// the faulty prompt. Their results are registered like any file: the same export twice creates nothing new.
namespace regesta::prompt {

/// Langfuse: one prompt as returned by GET /api/public/v2/prompts/{name}, a list of them, {"data":[…]}, or one per
/// line. Versions are in order; labels except "latest" are aliases, tags are tags, the commit message is the
/// description.
std::vector<PromptFile> importLangfuse(std::string_view bytes);

/// PromptLayer: a prompt template as returned by its REST API ("prompt_name", "prompt_template"), a list, or
/// {"items":[…]}. metadata.model becomes the model_config, release labels become aliases.
std::vector<PromptFile> importPromptLayer(std::string_view bytes);

/// A copy from OpenAI's dashboard or code: an object with "instructions", "input" or "messages", a list of messages, or
/// text. `name` is used if it has none.
std::vector<PromptFile> importOpenAi(std::string_view bytes, std::string_view name);

/// A reusable prompt's id, pmpt_…, in source code.
struct PromptId {
  std::string id;
  std::size_t line = 0;
};
std::vector<PromptId> promptIdsIn(std::string_view text);

/// promptfoo: the `prompts` of a configuration, whose templates are Nunjucks, read as Jinja2. `read` gives the text of
/// a file:// reference, relative to the configuration, or none; the first provider's model becomes the model_config.
using ReadFile = std::function<std::optional<std::string>(const std::string& path)>;
std::vector<PromptFile> importPromptfoo(std::string_view path, std::string_view bytes, const ReadFile& read);

}  // namespace regesta::prompt
