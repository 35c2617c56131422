#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "prompt/prompt.h"

namespace regesta::prompt::file {

/// The messages of a chat prompt in a file's body, as in Prompty: a line with only a role and a colon ("system:",
/// "user:", "assistant:", "developer:", "tool:") starts a message, a line "placeholder: NAME" is a placeholder for the
/// caller's messages. Such a line within a message starts with a backslash.
struct Roles {
  std::vector<Message> messages;
  std::vector<std::size_t> lines;  ///< of each message's text, counted from the body's first line as 0
};

bool startsWithRole(std::string_view body);
/// Text before the first role is a system message.
Roles readRoles(std::string_view body);
/// Empty if the messages cannot be written like this: other roles, further members, blank lines at start or end.
std::optional<std::string> writeRoles(const std::vector<Message>& messages);

}  // namespace regesta::prompt::file
