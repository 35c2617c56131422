#pragma once
#include <string>
#include <string_view>

#include "prompt/file/front_matter.h"
#include "prompt/prompt_file.h"

namespace regesta::prompt::file {

/// A file in Regesta's own form (.md, .json, .yaml): the content's members of prompt.h, and name, version, description,
/// tags, aliases. Short forms: `variables` (a list of names, or Picoschema) for input_schema, `model` and `config` for
/// model_config, `messages` for a chat's template. Other members become tags, except those that resemble a known one,
/// which are refused. The body is the text unless a member has it.
PromptFile fromMembers(FrontMatter found);

/// All members; `body`: write text or messages into it if possible.
json::object toMembers(const PromptFile& file, std::string* body);

/// "" if absent. Throws through `found` if it is neither text nor a number.
std::string takeText(FrontMatter& found, std::string_view member);
/// A text or a list of texts.
std::vector<std::string> takeTexts(FrontMatter& found, std::string_view member);
void takeTags(FrontMatter& found, std::string_view member, registry::Tags& tags);
/// The value as a tag: text unchanged, anything else as JSON.
std::string tagText(const json::value& value);
/// Reads the assembled content; errors start with the path.
Prompt contentOf(const FrontMatter& found, const json::object& content);
/// Puts the body's messages into the content, and their lines into the file.
void takeRoles(const FrontMatter& found, json::object& content, PromptFile& file);
json::array messagesJson(const std::vector<Message>& messages);

}  // namespace regesta::prompt::file
