#pragma once
#include <string_view>

namespace regesta::cli {

inline constexpr std::string_view newestKnownMlflow = "3.17";
/// Whether a schema of MLflow up to that release has this revision of Alembic.
bool isKnownRevision(std::string_view revision);

}  // namespace regesta::cli
