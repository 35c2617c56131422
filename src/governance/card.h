#pragma once
#include <string>

#include "base/json.h"

namespace regesta::governance {

/// A model card: Markdown text, or an object with sections. Returns {"title","length","sections"}.
/// Throws Invalid{field "body"} if it is empty, has only headings, or is larger than 512 KiB.
json::object checkCard(const json::value& body);

}  // namespace regesta::governance
