#include "tracking/rules.h"

#include <cmath>
#include <filesystem>

#include "base/encoding.h"
#include "base/error.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/name.h"
#include "base/text.h"
#include "tracking/rule_error.h"
#include "tracking/seen_name.h"

namespace regesta::tracking {
namespace {

/// Code point of the character at `at`, which then points after it. The text is valid UTF-8.
char32_t nextCharacter(std::string_view text, std::size_t& at) {
  auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  unsigned char lead = byte(at);
  std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  char32_t code = length == 1 ? lead : lead & (0xFF >> (length + 1));
  for (std::size_t i = 1; i < length && at + i < text.size(); ++i) code = code << 6 | (byte(at + i) & 0x3F);
  at += length;
  return code;
}

/// Close to Python's \w: beyond ASCII, everything except control characters, punctuation, symbols and emoji.
bool isWord(char32_t c) {
  if (c < 0x80) return std::isalnum(static_cast<int>(c)) || c == '_';
  if (c < 0xC0)
    return c == 0xAA || c == 0xB2 || c == 0xB3 || c == 0xB5 || c == 0xB9 || c == 0xBA || (c >= 0xBC && c <= 0xBE);
  bool symbol = c == 0xD7 || c == 0xF7 || (c >= 0x2000 && c <= 0x206F) || (c >= 0x20A0 && c <= 0x20CF) ||
                (c >= 0x2190 && c <= 0x245F) || (c >= 0x2500 && c <= 0x2BFF) || (c >= 0x3000 && c <= 0x3004) ||
                (c >= 0x3008 && c <= 0x3020) || (c >= 0xD800 && c <= 0xF8FF) || (c >= 0xFE00 && c <= 0xFE0F) ||
                (c >= 0xFFF0 && c <= 0xFFFF) || (c >= 0x1F000 && c <= 0x1FAFF) || c >= 0xE0000;
  return !symbol;
}

bool hasKeyCharactersOnly(std::string_view key) {
  if (!isUtf8(key)) return false;
  for (std::size_t at = 0; at < key.size();) {
    char32_t c = nextCharacter(key, at);
    bool mark = c < 0x80 && std::string_view("/.- :").find(static_cast<char>(c)) != std::string_view::npos;
    if (!mark && !isWord(c)) return false;
  }
  return true;
}

/// Python's posixpath.normpath.
std::string normalPath(std::string_view path) {
  std::vector<std::string> kept;
  bool rooted = path.starts_with('/');
  for (std::string_view part : split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == ".." && (rooted ? kept.empty() : false)) continue;
    if (part == ".." && !kept.empty() && kept.back() != "..")
      kept.pop_back();
    else
      kept.emplace_back(part);
  }
  std::string slashes = path.starts_with("//") && !path.starts_with("///") ? "//" : rooted ? "/" : "";
  std::string joined = slashes + join(kept, "/");
  return joined.empty() ? "." : joined;
}

std::string schemeOf(std::string_view uri) {
  std::size_t colon = uri.find(':');
  if (colon == std::string_view::npos || colon == 0 || !std::isalpha(static_cast<unsigned char>(uri[0]))) return {};
  std::string_view scheme = uri.substr(0, colon);
  bool plain = std::all_of(scheme.begin(), scheme.end(),
                           [](unsigned char c) { return std::isalnum(c) || c == '+' || c == '-' || c == '.'; });
  return plain ? lower(scheme) : std::string();
}

void checkQuery(std::string_view location) {
  std::size_t mark = location.find('?');
  if (mark == std::string_view::npos) return;
  std::string query(location.substr(mark + 1));
  for (int round = 0; round < 10; ++round) {
    if (query.find("..") != std::string::npos) break;
    auto decoded = percentDecode(query);
    if (!decoded || *decoded == query) return;
    query = *decoded;
  }
  throw RuleError(Rule::locationQuery, "artifact_location", "must not have \"..\" in its query", location);
}

void checkScheme(std::string_view location, const std::string& scheme) {
  static constexpr std::string_view hosts[] = {"ftp", "sftp", "hdfs", "viewfs", "http", "https", "r2", "b2", "abfss"};
  bool named = scheme == "mlflow-artifacts" && location.substr(scheme.size() + 1).starts_with("//") &&
               !location.substr(scheme.size() + 1).starts_with("///");
  if (!named && std::find(std::begin(hosts), std::end(hosts), scheme) == std::end(hosts)) return;
  throw RuleError(Rule::locationScheme, "artifact_location",
                  fmt::format("must not have the scheme '{}', which names another host", scheme), location, {scheme});
}

}  // namespace

void checkKey(std::string_view key, std::string_view path) {
  if (!hasKeyCharactersOnly(key))
    throw RuleError(Rule::keyCharacters, std::string(path),
                    "must contain only letters, digits, spaces and the characters _ - . : /", key);
  std::string norm = normalPath(key);
  if (norm != key || norm == "." || norm.starts_with("..") || norm.starts_with('/'))
    throw RuleError(Rule::keyPath, std::string(path),
                    fmt::format("must not resolve to another name as a path ('{}')", norm), key, {norm});
}

void checkLength(std::string_view what, std::size_t limit, std::string_view text) {
  if (text.size() > limit && characterCount(text) > limit)
    throw RuleError(Rule::length, std::string(what), fmt::format("must have at most {} characters", limit), {},
                    {std::to_string(limit)});
}

std::string truncated(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return std::string(text);
  std::size_t at = 0;
  for (std::size_t count = 0; at < text.size() && count < limit; ++count) nextCharacter(text, at);
  return std::string(text.substr(0, at));
}

void checkRunId(std::string_view runId) {
  bool fits =
      !runId.empty() && runId.size() <= 256 && std::isalnum(static_cast<unsigned char>(runId[0])) &&
      std::all_of(runId.begin(), runId.end(), [](unsigned char c) { return std::isalnum(c) || c == '_' || c == '-'; });
  if (fits) return;
  throw RuleError(Rule::runId, "run_id", "must be 1 to 256 letters, digits, '-' and '_'", runId);
}

void checkMetric(const Metric& metric, std::string_view path) {
  auto inside = [&](std::string_view name) {
    return path.empty() ? std::string(name) : fmt::format("{}.{}", path, name);
  };
  checkKey(metric.key, inside("name"));
  if (metric.timestamp < 0) {
    std::string value;
    appendJsonDouble(value, metric.value);
    throw RuleError(Rule::timestamp, inside("timestamp"), "must be at least 0", std::to_string(metric.timestamp),
                    {metric.key, value});
  }
  checkLength("Metric name", limits::trackingKeyLength, metric.key);
}

void checkSeen(std::string_view what, std::string_view name) {
  if (std::string_view fault = hiddenFault(name); !fault.empty())
    throw error(Code::invalid, "Invalid {}: it {}", what, fault);
}

void checkExperimentName(std::string_view name) {
  if (name.empty()) throw RuleError(Rule::experimentName, "name", "must not be empty");
  checkLength("name", limits::experimentNameLength, name);
  checkSeen("experiment name", name);
}

void checkExperimentTag(std::string_view key, std::string_view value) {
  checkKey(key, "key");
  checkLength("key", limits::trackingKeyLength, key);
  checkLength("value", limits::experimentTagValueLength, value);
}

void checkLoggedModelName(std::string_view name) {
  checkLength("name", limits::modelNameLength, name);
  checkSeen("model name", name);
  if (!name.empty() && name.find_first_of("/:.%\"'") == std::string_view::npos) return;
  throw RuleError(Rule::modelName, "name", "must not be empty or contain any of / : . % \" '", name);
}

std::string checkArtifactLocation(std::string_view location) {
  std::string scheme = schemeOf(location);
  std::size_t query = location.find('?');
  std::string_view lastSegment = location.substr(0, query);
  lastSegment = lastSegment.substr(std::min(lastSegment.size(), lastSegment.find_last_of('/') + 1));
  if (location.find('#') != std::string_view::npos || lastSegment.find(';') != std::string_view::npos)
    throw RuleError(Rule::locationParameters, "artifact_location", "must not have a fragment or parameters", location);
  checkQuery(location);
  checkScheme(location, scheme);
  if (location.starts_with("runs:"))
    throw RuleError(Rule::locationRunUri, "artifact_location", "must not be a runs:/ URI", location);
  std::string resolved(location);
  if (scheme.empty() && !location.starts_with('/')) resolved = (std::filesystem::current_path() / location).string();
  if (scheme == "file" && location.size() > 5 && location[5] != '/')
    resolved = "file://" + (std::filesystem::current_path() / location.substr(5)).string();
  if (characterCount(resolved) > limits::artifactLocationLength)
    throw RuleError(Rule::locationLength, "artifact_location",
                    fmt::format("must have at most {} characters", limits::artifactLocationLength), {},
                    {std::to_string(limits::artifactLocationLength)});
  return resolved;
}

std::int64_t parseExperimentId(std::string_view text) {
  if (text.empty()) return 0;
  auto id = parseInteger(text);
  if (!id) throw RuleError(Rule::experimentId, "experiment_id", "must be a whole number", text);
  return *id;
}

}  // namespace regesta::tracking
