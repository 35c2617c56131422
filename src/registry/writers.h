#pragma once
#include <set>
#include <string>
#include <string_view>

namespace regesta::registry {

/// Actors who wrote some content, as one column holds them: one per line, sorted; empty: nobody is known.
std::string writersText(const std::set<std::string>& writers);
std::set<std::string> readWriters(std::string_view text);

}  // namespace regesta::registry
