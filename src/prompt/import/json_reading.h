#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "prompt/prompt.h"

namespace regesta::prompt::import {

/// "" if the member is absent or not text.
std::string textIn(const json::object& object, std::string_view member);
const json::object* objectIn(const json::object& object, std::string_view member);
const json::array* listIn(const json::object& object, std::string_view member);

/// The objects of an export: one, a list, the list in one of `members`, or one per line.
std::vector<json::object> objectsOf(std::string_view bytes, std::initializer_list<std::string_view> members);

/// The text of a content that is text or has only text parts. Empty for images and other parts.
std::optional<std::string> plainText(const json::value& content);

/// Converts a product's list of messages: roles, placeholders ({"type":"placeholder"}, {"role":"placeholder"}), text
/// parts as one text, other members unchanged.
json::array messagesOf(const json::array& messages);

/// Reads the content; errors start with the prompt's name.
Prompt promptOf(const json::object& content, std::string_view name);

}  // namespace regesta::prompt::import
