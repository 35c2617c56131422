#pragma once
#include "base/json.h"
#include "connect/document.h"

namespace regesta::connect::slack {

/// Slack's Block Kit. Untrusted text is plain_text, which Slack shows as it is; `buttons`: with those of a review.
json::array blocksOf(const std::string& title, const Document& document, bool buttons);
/// The document as one plain text, for messages in a thread and notifications.
std::string textOf(const Document& document);
/// The three characters that Slack's text gives a meaning, escaped, and back.
std::string escaped(std::string_view text);
std::string unescaped(std::string_view text);

}  // namespace regesta::connect::slack
