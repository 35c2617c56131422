#include "registry/writers.h"

#include "base/text.h"

namespace regesta::registry {

std::string writersText(const std::set<std::string>& writers) { return join({writers.begin(), writers.end()}, "\n"); }

std::set<std::string> readWriters(std::string_view text) {
  std::set<std::string> writers;
  for (std::string_view line : split(text, '\n'))
    if (!line.empty()) writers.emplace(line);
  return writers;
}

}  // namespace regesta::registry
