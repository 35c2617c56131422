#include "base/config.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <set>

#include <toml++/toml.h>

#include "base/error.h"
#include "base/text.h"

namespace regesta {
namespace {

const std::string defaultFile = "regesta.toml";

const SettingInfo* infoOf(std::string_view key) {
  for (const SettingInfo& info : settingInfos())
    if (info.key == key) return &info;
  return nullptr;
}

std::string environmentName(std::string_view key) {
  std::string name = "REGESTA_";
  for (char c : key)
    name += c == '.' || c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return name;
}

std::string flagName(std::string_view key) {
  std::string name = "--";
  for (char c : key) name += c == '.' ? '-' : c;
  return name;
}

[[noreturn]] void refuseKey(std::string_view key, const std::string& origin) {
  std::vector<std::string> known;
  for (const SettingInfo& info : settingInfos()) known.emplace_back(info.key);
  auto near = nearest(key, known);
  throw error(Code::invalid, "{}: {} is not a setting{}", origin, key,
              near ? fmt::format("; did you mean {}?", *near) : "");
}

/// Variables that other parts read; see docs/cli.md.
bool isOtherVariable(std::string_view name) {
  static const std::set<std::string_view> others = {"REGESTA_URL",      "REGESTA_TOKEN",     "REGESTA_USER",
                                                    "REGESTA_PASSWORD", "REGESTA_WORKSPACE", "REGESTA_CA_FILE"};
  return others.contains(name);
}

/// A mistyped variable would be passed over in silence. Only what is nearly a setting is a mistake: the prefix is
/// anybody's to use.
void refuseMistyped(const char* variable) {
  std::string_view text = variable;
  std::string name(text.substr(0, text.find('=')));
  if (!name.starts_with("REGESTA_") || isOtherVariable(name)) return;
  std::vector<std::string> known;
  for (const SettingInfo& info : settingInfos()) known.push_back(environmentName(info.key).substr(8));
  std::string word = name.substr(8);
  if (word.size() < 4 || std::ranges::find(known, word) != known.end()) return;
  auto near = nearest(word, known);
  if (near && near->front() == word.front())
    throw error(Code::invalid, "environment: {} is not a setting; did you mean REGESTA_{}?", name, *near);
}

std::string tomlText(const toml::node& node, const std::string& key, const std::string& origin) {
  if (auto text = node.value_exact<std::string>()) return *text;
  if (auto number = node.value_exact<std::int64_t>()) return std::to_string(*number);
  if (auto flag = node.value_exact<bool>()) return *flag ? "true" : "false";
  throw error(Code::invalid, "{}: {} must be a string, a whole number or true/false", origin, key);
}

void readTable(const toml::table& table, const std::string& prefix, const std::string& origin,
               std::map<std::string, Setting>& into) {
  for (const auto& [name, node] : table) {
    std::string key = prefix + std::string(name.str());
    if (const toml::table* inner = node.as_table()) {
      readTable(*inner, key + ".", origin, into);
      continue;
    }
    if (!infoOf(key)) refuseKey(key, origin);
    into[key] = {tomlText(node, key, origin), origin};
  }
}

void readFile(const std::string& file, std::map<std::string, Setting>& into) {
  try {
    readTable(toml::parse_file(file), "", "file " + file, into);
  } catch (const toml::parse_error& e) {
    throw error(Code::invalid, "file {}: line {}: {}", file, e.source().begin.line, e.description());
  }
}

}  // namespace

const std::vector<SettingInfo>& settingInfos() {
  static const std::vector<SettingInfo> infos = {
      {"data", "./regesta-data", "directory of the embedded database, blobs, ledger tiles and keys"},
      {"listen", "127.0.0.1:4600", "HOST:PORT to serve on; port 0 takes a free one"},
      {"db", "", "postgres://… to keep the state in PostgreSQL; empty: SQLite in the data directory", true},
      {"blobs", "", "s3://… to keep blobs in an object store; empty: the data directory"},
      {"threads", "0", "I/O threads; 0: one a core"},
      {"waiting-threads", "64", "threads that wait for commits and policy workers"},
      {"default-artifact-root", "mlflow-artifacts:/",
       "where MLflow clients are told to put artifacts, as in `mlflow server`"},
      {"public-url", "", "the URL that people use to reach this server, for links; empty: made from listen"},
      {"tls.certificate", "", "PEM file with the certificate chain; with tls.key turns TLS on"},
      {"tls.key", "", "PEM file with the private key"},
      {"access-log", "", "file for the access log (JSON lines), - for stderr, empty for none"},
      {"log-level", "info", "debug, info, warn or error"},
      {"drain-seconds", "10", "how long running requests may take to finish after SIGTERM"},
      {"policy.workers", "2", "processes that evaluate policies"},
      {"policy.opa-url", "", "base URL of an OPA server for policies that name it"},
      {"oidc.issuer", "", "address of an OpenID provider that people sign in with; empty: passwords and tokens only"},
      {"oidc.client-id", "", "what the provider calls this server"},
      {"oidc.client-secret", "", "the secret that goes with it; better in a file or the environment", true},
      {"oidc.client-secret-file", "", "file with the secret"},
      {"oidc.scopes", "openid profile email", "what is asked of the provider"},
      {"oidc.label", "single sign-on", "what the sign-in page calls the provider"},
      {"oidc.name-claim", "preferred_username", "claim with the user's name; where it is absent, a verified email"},
      {"oidc.groups-claim", "groups", "claim with the user's groups"},
      {"oidc.roles", "", "what groups may do: GROUP = ROLE[:WORKSPACE[:PATTERN]]; … (group *: everybody)"},
      {"oidc.create-users", "false", "true: whoever the provider signs in becomes a user; false: an admin makes them"},
      {"oidc.ca-file", "", "PEM file with the authority behind the provider's certificate; empty: the system's"},
      {"ledger.origin", "", "name of a new ledger, e.g. bank.example/regesta; empty: a random one"},
      {"ledger.key", "", "file with the ledger's signing key; empty: keys/ledger.key in the data directory"},
  };
  return infos;
}

Config Config::load(const std::map<std::string, std::string>& flags, const std::string& file) {
  Config config;
  for (const SettingInfo& info : settingInfos())
    config.settings_[std::string(info.key)] = {std::string(info.fallback), "default"};
  if (!file.empty() || std::filesystem::exists(defaultFile))
    readFile(file.empty() ? defaultFile : file, config.settings_);
  for (const SettingInfo& info : settingInfos()) {
    std::string name = environmentName(info.key);
    if (const char* value = std::getenv(name.c_str()))
      config.settings_[std::string(info.key)] = {value, "environment " + name};
  }
  for (char** variable = environ; *variable; ++variable) refuseMistyped(*variable);
  for (const auto& [key, value] : flags) {
    if (!infoOf(key)) refuseKey(key, "flag");
    config.settings_[key] = {value, "flag " + flagName(key)};
  }
  return config;
}

const std::string& Config::text(std::string_view key) const {
  auto at = settings_.find(std::string(key));
  REGESTA_INVARIANT(at != settings_.end());
  return at->second.value;
}

std::int64_t Config::integer(std::string_view key) const {
  const Setting& setting = settings_.at(std::string(key));
  if (auto number = parseInteger(setting.value)) return *number;
  throw error(Code::invalid, "{} ({}) must be a whole number, got \"{}\"", key, setting.origin, setting.value);
}

}  // namespace regesta
