#include "cli/settings.h"

#include <algorithm>

namespace regesta::cli {
namespace {

std::string flagOf(std::string_view key) {
  std::string flag(key);
  std::ranges::replace(flag, '.', '-');
  return flag;
}

}  // namespace

std::vector<Option> settingOptions() {
  std::vector<Option> options = {{"config", "FILE", "settings file (default: regesta.toml if it exists)"}};
  for (const SettingInfo& info : settingInfos()) {
    std::string about(info.about);
    if (!info.fallback.empty()) about += fmt::format(" (default {})", info.fallback);
    options.push_back({flagOf(info.key), std::string(info.placeholder), about});
  }
  return options;
}

Config configOf(const Arguments& arguments) {
  std::map<std::string, std::string> flags;
  for (const SettingInfo& info : settingInfos())
    if (auto value = arguments.maybe(flagOf(info.key))) flags[std::string(info.key)] = *value;
  if (auto listen = flags.find("listen"); listen != flags.end() && listen->second.find(':') == std::string::npos)
    throw UsageError(fmt::format("--listen needs HOST:PORT, as in 127.0.0.1:4600, not \"{}\"", listen->second));
  return Config::load(flags, arguments.text("config"));
}

}  // namespace regesta::cli
