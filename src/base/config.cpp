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

/// Environment variables that are read elsewhere; see docs/cli.md.
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
  if (const toml::array* list = node.as_array()) {
    std::string joined;
    for (const toml::node& item : *list) {
      auto text = item.value_exact<std::string>();
      if (!text) throw error(Code::invalid, "{}: {} must be a list of strings", origin, key);
      joined += (joined.empty() ? "" : ", ") + *text;
    }
    return joined;
  }
  throw error(Code::invalid, "{}: {} must be a string, a whole number, true/false or a list of strings", origin, key);
}

void readTable(const toml::table& table, const std::string& prefix, const std::string& origin,
               std::map<std::string, Setting>& into) {
  for (const auto& [name, node] : table) {
    std::string key = prefix + std::string(name.str());
    if (const toml::table* inner = node.as_table()) {
      readTable(*inner, key + ".", origin, into);
      continue;
    }
    // A key cannot be a value and a table: where "blobs" has members, its own value is "blobs.url".
    if (std::string whole = key.substr(0, key.rfind('.')); key.ends_with(".url") && !infoOf(key) && infoOf(whole))
      key = std::move(whole);
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
      {"data", "FOLDER", "./regesta-data", "directory of the embedded database, blobs, ledger tiles and keys"},
      {"listen", "HOST:PORT", "127.0.0.1:4600", "HOST:PORT to listen on; port 0: any free port"},
      {"db", "URL", "", "postgres://… to store the state in PostgreSQL; empty: SQLite in the data directory", true},
      {"blobs", "URL", "",
       "s3://BUCKET/PREFIX, gs://… or az://… to store blobs in an object store; empty: the data directory"},
      {"blobs.endpoint", "URL", "", "URL of the object store; empty: AWS_ENDPOINT_URL_S3, or the cloud's own"},
      {"blobs.region", "REGION", "", "region of the bucket; empty: AWS_REGION"},
      {"blobs.ca-file", "FILE", "", "PEM file with the CA of the object store's certificate; empty: the system's CAs"},
      {"blobs.cache-bytes", "BYTES", "1073741824",
       "bytes of the object store's content to keep on the local disk; 0: none"},
      {"blobs.retry-seconds", "SECONDS", "20",
       "seconds to retry a request that the object store throttled or did not answer"},
      {"threads", "NUMBER", "0", "I/O threads; 0: one per core"},
      {"waiting-threads", "NUMBER", "64", "threads that wait for commits and policy workers"},
      {"default-artifact-root", "URI", "mlflow-artifacts:/",
       "root URI for artifacts of new experiments, as in `mlflow server`"},
      {"public-url", "URL", "", "public URL of this server, for links; empty: derived from listen"},
      {"trusted-proxies", "NETWORKS", "",
       "addresses or networks of proxies whose X-Forwarded-For, -Proto and -Host are trusted, separated by commas"},
      {"session.idle-minutes", "MINUTES", "120",
       "minutes without a request after which a browser session ends; 0: no limit"},
      {"session.hours", "HOURS", "12", "hours after sign-in when a browser session ends"},
      {"quota.streams", "NUMBER", "200",
       "maximum number of open event streams and long polls per identity; 0: no limit"},
      {"quota.uploads", "NUMBER", "64", "maximum number of concurrent uploads per identity; 0: no limit"},
      {"quota.bytes-per-day", "BYTES", "1099511627776",
       "maximum number of bytes that an identity may send per day, including uploads and traces; 0: no limit"},
      {"quota.workspace-bytes", "BYTES", "0",
       "maximum number of bytes of files and artifacts per workspace; 0: no limit"},
      {"retention.apply-hours", "HOURS", "0",
       "hours between automatic applications of the retention rules; 0: apply plans manually "
       "only"},
      {"blobs.collect-hours", "HOURS", "24",
       "hours between automatic garbage collections, which also merge small packs; 0: only by `regesta blob`"},
      {"usage.price-per-gb-month", "PRICE", "0",
       "price of storing 1,000,000,000 bytes for a month, for the costs in `regesta usage`; 0: show no costs"},
      {"quota.requests", "NUMBER", "2000",
       "maximum number of waiting requests per identity and kind of work; 0: no limit"},
      {"quota.connections-per-address", "NUMBER", "2000",
       "maximum number of connections per address, except loopback; 0: no limit"},
      {"requests.expire-hours", "HOURS", "0",
       "hours after which an open change request expires, from its opening or its scheduled time; 0: never"},
      {"requests.remind-hours", "HOURS", "0", "hours between reminders of an open change request; 0: none"},
      {"scan.arrivals", "true|false", "true",
       "scan the files of new versions for code that runs when they are loaded, and for other attacks"},
      {"webhooks.allow", "RECEIVERS", "",
       "allowed receivers outside the public internet, separated by commas: networks, addresses, HOST:PORT or HOST"},
      {"mail.url", "URL", "",
       "smtp://HOST:PORT or smtps://HOST:PORT of the server that takes mail to users; empty: none"},
      {"mail.from", "ADDRESS", "", "address of the sender of mail"},
      {"mail.user", "NAME", "", "user name at the mail server; empty: no sign-in"},
      {"mail.password-file", "FILE", "", "file with the password at the mail server"},
      {"mail.ca-file", "FILE", "", "PEM file with the CA of the mail server's certificate; empty: the system's CAs"},
      {"mail.encrypt", "true|false", "true",
       "true: with smtp://, send mail only after STARTTLS; false: without encryption"},
      {"tls.certificate", "FILE", "", "PEM file with the certificate chain; together with tls.key enables TLS"},
      {"tls.key", "FILE", "", "PEM file with the private key"},
      {"tracing.url", "URL", "",
       "URL of an OTLP receiver (HTTP) for spans of requests, e.g. http://127.0.0.1:4318/v1/traces; empty: none"},
      {"tracing.sample-ratio", "RATIO", "1",
       "share, 0 to 1, of the requests without the header traceparent that a span is sent of"},
      {"tracing.service-name", "NAME", "regesta", "service.name of the spans"},
      {"tracing.headers-file", "FILE", "", "file with headers for the receiver, one NAME: VALUE per line; empty: none"},
      {"tracing.ca-file", "FILE", "", "PEM file with the CA of the receiver's certificate; empty: the system's CAs"},
      {"access-log", "FILE", "", "file for the access log (JSON lines), - for stderr, empty for none"},
      {"log-level", "LEVEL", "info", "debug, info, warn or error"},
      {"slow-statement-millis", "MILLIS", "1000", "log SQL statements that take longer, without their values; 0: none"},
      {"drain-seconds", "SECONDS", "10", "seconds for running requests to finish after SIGTERM"},
      {"policy.workers", "NUMBER", "2", "processes that evaluate policies"},
      {"policy.opa-urls", "URLS", "",
       "URLs of external OPA servers that policy bindings may name, separated by commas"},
      {"policy.opa-token-file", "FILE", "", "file with a bearer token for the external OPA servers; empty: none"},
      {"policy.opa-ca-file", "FILE", "", "PEM file with the CA of their certificates; empty: the system's CAs"},
      {"policy.opa-seconds", "SECONDS", "2", "seconds that an external OPA may take to decide"},
      {"oidc.issuer", "URL", "", "issuer URL of the OpenID provider for sign-in; empty: passwords and tokens only"},
      {"oidc.client-id", "ID", "", "client id of this server at the provider"},
      {"oidc.client-secret", "SECRET", "", "client secret; prefer a file or the environment", true},
      {"oidc.client-secret-file", "FILE", "", "file with the client secret"},
      {"oidc.scopes", "SCOPES", "openid profile email", "scopes to request from the provider"},
      {"oidc.label", "TEXT", "single sign-on", "the provider's name on the sign-in page"},
      {"oidc.name-claim", "CLAIM", "preferred_username",
       "claim with the user's name; if absent, a verified email is used"},
      {"oidc.groups-claim", "CLAIM", "groups", "claim with the user's groups"},
      {"oidc.roles", "GRANTS", "", "grants of groups: GROUP = ROLE[:WORKSPACE[:PATTERN]]; … (group *: all users)"},
      {"oidc.create-users", "true|false", "false",
       "true: create unknown users at sign-in; false: an administrator creates them"},
      {"oidc.ca-file", "FILE", "", "PEM file with the CA of the provider's certificate; empty: the system's CAs"},
      {"ledger.origin", "NAME", "", "name of a new ledger, e.g. bank.example/regesta; empty: a random one"},
      {"ledger.witness-policy", "FILE", "",
       "file with the witnesses that cosign checkpoints (C2SP tlog-policy); empty: none"},
      {"ledger.witness-seconds", "SECONDS", "5",
       "seconds between requests to the witnesses while there are new entries"},
      {"ledger.witness-ca-file", "FILE", "",
       "PEM file with the CA of the witnesses' certificates; empty: the system's CAs"},
      {"ledger.timestamp-url", "URL", "", "URL of an RFC 3161 time-stamping authority for checkpoints; empty: none"},
      {"ledger.timestamp-ca-file", "FILE", "",
       "PEM file with the CA of the time-stamping authority's signing certificate"},
      {"ledger.timestamp-minutes", "MINUTES", "60", "minutes between two timestamps while there are new entries"},
      {"ledger.key", "FILE", "", "file with the ledger's signing key; empty: keys/ledger.key in the data directory"},
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

std::int64_t Config::integer(std::string_view key, std::int64_t least, std::int64_t most) const {
  std::int64_t number = integer(key);
  if (number >= least && number <= most) return number;
  throw error(Code::invalid, "{} ({}) must be {} to {}, got {}", key, settings_.at(std::string(key)).origin, least,
              most, number);
}

double Config::real(std::string_view key, double least, double most) const {
  const Setting& setting = settings_.at(std::string(key));
  auto number = parseDouble(setting.value);
  if (number && *number >= least && *number <= most) return *number;
  throw error(Code::invalid, "{} ({}) must be a number from {} to {}, got \"{}\"", key, setting.origin, least, most,
              setting.value);
}

bool Config::flag(std::string_view key) const {
  const Setting& setting = settings_.at(std::string(key));
  if (setting.value != "true" && setting.value != "false")
    throw error(Code::invalid, "{} ({}) must be true or false, got \"{}\"", key, setting.origin, setting.value);
  return setting.value == "true";
}

}  // namespace regesta
