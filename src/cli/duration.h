#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace regesta::cli {

/// Seconds of "90", "90s", "30m" or "2h", at most 30 days. Throws UsageError that names the option.
std::int64_t readSeconds(const std::string& text, std::string_view option);

}  // namespace regesta::cli
