#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace regesta {

/// One setting that exists. The key in regesta.toml is `key` ("listen", "tls.certificate"); as environment variable
/// REGESTA_LISTEN, REGESTA_TLS_CERTIFICATE; as flag --listen, --tls-certificate.
struct SettingInfo {
  std::string_view key, placeholder, fallback, about;  ///< `placeholder` stands for the value in help texts: "FILE"
  bool secret = false;
};
const std::vector<SettingInfo>& settingInfos();

struct Setting {
  std::string value;
  std::string origin;  ///< "default", "file regesta.toml", "environment REGESTA_LISTEN", "flag --listen"
};

/// The effective settings: flags beat environment beats file beats default.
class Config {
 public:
  /// `flags` by key. `file` empty: ./regesta.toml when it exists. Throws Error{invalid} for an unknown key (suggesting
  /// the nearest), a wrong type, or a file that cannot be read.
  static Config load(const std::map<std::string, std::string>& flags, const std::string& file);

  const std::string& text(std::string_view key) const;
  std::int64_t integer(std::string_view key) const;  ///< throws Error{invalid} naming key and origin
  /// The same, of a number from `least` to `most`.
  std::int64_t integer(std::string_view key, std::int64_t least, std::int64_t most) const;
  double real(std::string_view key, double least, double most) const;  ///< likewise, a finite number
  bool flag(std::string_view key) const;                               ///< likewise for anything but true or false
  const std::map<std::string, Setting>& all() const { return settings_; }

 private:
  std::map<std::string, Setting> settings_;
};

}  // namespace regesta
