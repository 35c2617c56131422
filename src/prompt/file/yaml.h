#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "base/json.h"

namespace regesta::prompt::file {

/// A fault in YAML text.
struct YamlFault {
  std::size_t line = 0;  ///< from 1
  std::string message;
};

/// One YAML document as JSON, by the core schema of YAML 1.2 ("yes" and "on" are text), with anchors, aliases and the
/// merge key "<<". An empty document is null. Depth and number of values (with aliases expanded) are limited. Throws
/// YamlFault, also for duplicate keys, keys that are not scalars, custom tags, infinities and several documents.
json::value parseYaml(std::string_view text);

/// The value as block YAML that parseYaml reads back as the same value; ends in a newline. Multi-line texts are
/// literal blocks.
std::string writeYaml(const json::value& value);

}  // namespace regesta::prompt::file
