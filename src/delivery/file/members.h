#pragma once
#include <string>
#include <string_view>

#include "delivery/file/front_matter.h"
#include "delivery/prompt_file.h"

namespace regesta::delivery::file {

/// A file whose members are Regesta's own (.md, .json, .yaml): the content's members of prompt.h, and name, version,
/// description, tags, aliases. Short forms that are read: `variables` (a list of names, or Picoschema) for
/// input_schema, `model` and `config` for model_config, `messages` for a chat's template. Other members become tags,
/// but those that look like a mistyped one are refused. The body is the text where no member is.
PromptFile fromMembers(FrontMatter found);

/// The members that say it all; `body`: the text or messages go into it when they can.
json::object toMembers(const PromptFile& file, std::string* body);

/// "" when absent. Throws through `found` when it is neither text nor a number.
std::string takeText(FrontMatter& found, std::string_view member);
/// A text or a list of texts.
std::vector<std::string> takeTexts(FrontMatter& found, std::string_view member);
void takeTags(FrontMatter& found, std::string_view member, registry::Tags& tags);
/// The value as a tag holds it: text bare, anything else as JSON.
std::string tagText(const json::value& value);
/// Reads the assembled content, with the path before what is wrong.
Prompt contentOf(const FrontMatter& found, const json::object& content);
/// Puts the body's messages into the content, and their lines into the file.
void takeRoles(const FrontMatter& found, json::object& content, PromptFile& file);
json::array messagesJson(const std::vector<Message>& messages);

}  // namespace regesta::delivery::file
