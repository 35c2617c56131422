#pragma once
#include <string>
#include <string_view>

namespace regesta::api::ofrep {

/// A prompt as a flag. "greeting" is the version that `production` serves, as an object; "greeting@staging",
/// "greeting:1.4.2" and "greeting:^1.2" what another selector serves. With the suffix ".version", the flag is a
/// string: the version's number, for clients that fetch the version from elsewhere.
struct FlagKey {
  std::string prompt, selector = "production";
  bool versionOnly = false;
};
FlagKey parseFlagKey(std::string_view key);
/// The shortest key of an alias.
std::string flagKeyOf(std::string_view prompt, std::string_view alias);

inline constexpr std::string_view versionSuffix = ".version";

}  // namespace regesta::api::ofrep
