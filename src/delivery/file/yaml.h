#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "base/json.h"

namespace regesta::delivery::file {

/// Where YAML text breaks a rule.
struct YamlFault {
  std::size_t line = 0;  ///< from 1
  std::string message;
};

/// One YAML document as JSON, by the core schema of YAML 1.2 ("yes" and "on" are text), with anchors, aliases and the
/// merge key "<<". An empty document is null. Hostile text is bounded: depth, and values after aliases were followed.
/// Throws YamlFault, for duplicate keys, keys that are not scalars, foreign tags, infinities and several documents too.
json::value parseYaml(std::string_view text);

/// The value as block YAML that parseYaml reads back as the same value; ends in a newline. Texts of several lines are
/// literal blocks.
std::string writeYaml(const json::value& value);

}  // namespace regesta::delivery::file
