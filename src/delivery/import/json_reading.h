#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "delivery/prompt.h"

namespace regesta::delivery::import {

/// "" when the member is absent or something else.
std::string textIn(const json::object& object, std::string_view member);
const json::object* objectIn(const json::object& object, std::string_view member);
const json::array* listIn(const json::object& object, std::string_view member);

/// The objects of an export: one, a list, the list below one of `members`, or one a line.
std::vector<json::object> objectsOf(std::string_view bytes, std::initializer_list<std::string_view> members);

/// Content that is a text, or parts of which all are text: the text. Nothing for images and the like.
std::optional<std::string> plainText(const json::value& content);

/// A list of messages of any product as ours: roles, placeholders ({"type":"placeholder"}, {"role":"placeholder"}),
/// text parts as one text, other members kept.
json::array messagesOf(const json::array& messages);

/// Reads the content, with the prompt's name before what is wrong.
Prompt promptOf(const json::object& content, std::string_view name);

}  // namespace regesta::delivery::import
