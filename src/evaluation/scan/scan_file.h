#pragma once
#include <string_view>

#include "base/json.h"
#include "blob/store.h"

namespace regesta::evaluation {

/// What one stored file would do to those who load it: pickles, archives and the headers of model files are followed
/// without running or loading anything (native/src/scan). The report: {format, critical, warnings, findings:
/// [{severity, code, message, place?}], complete, incomplete?, facts?}. Bounded in time and memory. Passes on what the
/// reader throws.
json::object scanFile(blob::Reader& reader, std::string_view name);

}  // namespace regesta::evaluation
