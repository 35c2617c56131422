#pragma once
#include <string_view>

namespace regesta {

/// Whether a text has a JSON Schema `format`: date-time, date, email, uri, uuid, ipv4. True for any other format.
bool hasFormat(std::string_view text, std::string_view format);

}  // namespace regesta
