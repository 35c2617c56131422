#pragma once
#include <map>
#include <string>

namespace regesta::proof {

/// The documents of a pack as one self-contained HTML page: no script, nothing loaded, both themes, printable.
std::string renderReport(const std::map<std::string, std::string>& documents);

}  // namespace regesta::proof
