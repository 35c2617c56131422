#pragma once
#include "base/json_schema.h"

namespace regesta::prompt {

/// Searches with base/pattern.h, which is safe for any pattern; compiles each once. Throws Error{invalid} for an
/// invalid pattern. Not thread-safe.
PatternSearch patternSearch();

}  // namespace regesta::prompt
