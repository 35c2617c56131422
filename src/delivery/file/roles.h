#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "delivery/prompt.h"

namespace regesta::delivery::file {

/// The messages of a chat prompt in the body of a file, as Prompty has them: a line that is only a role and a colon
/// ("system:", "user:", "assistant:", "developer:", "tool:") starts a message, a line "placeholder: NAME" stands for
/// messages of the caller. Such a line within a message is written with a backslash before it.
struct Roles {
  std::vector<Message> messages;
  std::vector<std::size_t> lines;  ///< of each message's text, counted from the body's first line as 0
};

bool startsWithRole(std::string_view body);
/// Text before the first role is the system's.
Roles readRoles(std::string_view body);
/// Nothing when the messages cannot be written so: other roles, members besides role and content, blank edges.
std::optional<std::string> writeRoles(const std::vector<Message>& messages);

}  // namespace regesta::delivery::file
