#pragma once
#include <string>

#include "base/json.h"
#include "connect/document.h"

/// JIRA's two markups.
namespace regesta::connect::jira {

/// Atlassian Document Format, for version 3 of the API.
json::value adf(const Document& document);
/// The plain text of what people wrote in it.
std::string textOfAdf(const json::value& value);

/// Wiki markup, for version 2: in texts, everything that would be markup is escaped.
std::string wiki(const Document& document);

}  // namespace regesta::connect::jira
