#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace regesta {

/// Wall clock, milliseconds or microseconds since 1970-01-01T00:00:00Z.
std::int64_t nowMillis();
std::int64_t nowMicros();
/// Wall clock that never runs backwards within this process, for records whose order matters.
std::int64_t steadyNowMicros();
/// From now on steadyNowMicros() is at least `micros`: what an earlier process wrote down is never in the future.
void steadyNowNeverBefore(std::int64_t micros);

/// RFC 3339 in UTC with milliseconds: 2026-11-25T02:15:12.345Z.
std::string formatTime(std::int64_t millis);
/// Accepts RFC 3339 with Z or an offset; empty optional otherwise.
std::optional<std::int64_t> parseTime(std::string_view text);

}  // namespace regesta
