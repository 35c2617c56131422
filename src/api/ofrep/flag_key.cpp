#include "api/ofrep/flag_key.h"

namespace regesta::api::ofrep {

FlagKey parseFlagKey(std::string_view key) {
  FlagKey flag;
  if (key.size() > versionSuffix.size() && key.ends_with(versionSuffix)) {
    flag.versionOnly = true;
    key.remove_suffix(versionSuffix.size());
  }
  // No name holds ':'. One may hold '@', but hardly at its very beginning or end.
  std::size_t mark = key.find(':');
  if (mark == std::string_view::npos) mark = key.rfind('@');
  if (mark != std::string_view::npos && mark > 0 && mark + 1 < key.size()) {
    flag.selector = key.substr(mark + 1);
    key = key.substr(0, mark);
  }
  flag.prompt = key;
  return flag;
}

std::string flagKeyOf(std::string_view prompt, std::string_view alias) {
  std::string key(prompt);
  if (alias != "production") (key += '@') += alias;
  return key;
}

}  // namespace regesta::api::ofrep
