#pragma once
#include <map>
#include <string>
#include <string_view>

#include "base/json.h"

namespace regesta::jobs {

/// Further headers of a webhook's requests, by name. Their values are credentials.
using WebhookHeaders = std::map<std::string, std::string>;
/// Throws Invalid{"headers"} for a name that is none, that the server sets itself, or that is given twice in other
/// letters, and for values with control characters.
void checkHeaders(const WebhookHeaders& headers);

/// A template of a body is JSON. In its strings, {{PATH}} stands for a member of the event: {{type}}, {{subject}},
/// {{data.reason}}. A string that is nothing but one place becomes the member itself, a number or an object too. A
/// member that does not exist is the empty string. Values are never parsed again, so what an event says cannot add to
/// the template's structure. Throws Invalid{"template"}.
void checkTemplate(std::string_view text);
/// `text` is a checked template. A place beyond limits::webhookFilled bytes in total says that it was left out.
json::value fillTemplate(std::string_view text, const json::object& event);

/// The event with what templates need besides: `kind`, `name` and `version` of its subject.
json::object templateEvent(json::object event);

}  // namespace regesta::jobs
