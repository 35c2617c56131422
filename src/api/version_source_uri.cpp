#include "api/version_source_uri.h"

#include "api/client_error.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/text.h"

namespace regesta::api {
namespace {

/// Decodes until nothing changes. A broken escape stays unchanged, as in urllib.
std::string decodedFully(std::string text, bool plusIsSpace) {
  for (int i = 0; i < 20; ++i) {
    std::string next;
    for (std::size_t at = 0; at < text.size(); ++at) {
      std::optional<std::string> byte;
      if (text[at] == '%' && at + 2 < text.size()) byte = hexDecode(std::string_view(text).substr(at + 1, 2));
      if (byte) {
        next += *byte;
        at += 2;
      } else {
        next += plusIsSpace && text[at] == '+' ? ' ' : text[at];
      }
    }
    if (next == text) return text;
    text = std::move(next);
  }
  return text;
}

std::vector<std::string> segments(std::string_view path) {
  std::vector<std::string> found;
  for (std::string_view part : split(path, '/'))
    if (!part.empty()) found.push_back(decodedFully(std::string(part), false));
  return found;
}

bool isDigits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

[[noreturn]] void refuseRelative(std::string_view source) {
  throw error(Code::invalid,
              "Invalid model version source: '{}'. If supplying a source as an http, https, local file path, ftp, "
              "objectstore, or "
              "mlflow-artifacts uri, an absolute path must be provided without relative path references present. "
              "Please provide an "
              "absolute path.",
              shorten(source, 1000));
}

}  // namespace

std::optional<ModelUri> parseModelUri(std::string_view text) {
  Uri uri = parseUri(text);
  std::string_view path = uri.path;
  if (uri.scheme != "models" || path.size() < 2 || path[0] != '/') return std::nullopt;
  path.remove_prefix(std::min(path.find_first_not_of('/'), path.size()));
  std::vector<std::string_view> parts = split(path, '/');
  if (parts.size() > 2 || trim(parts[0]).empty()) return std::nullopt;
  ModelUri found;
  if (parts.size() == 2) {
    if (trim(parts[1]).empty()) return std::nullopt;
    found.name = parts[0];
    if (isDigits(parts[1]))
      found.version = parts[1];
    else if (!equalsIgnoreCase(parts[1], "latest"))
      found.stage = parts[1];
    return found;
  }
  std::size_t at = parts[0].rfind('@');
  if (at == std::string_view::npos) {
    found.modelId = parts[0];
    return found;
  }
  found.name = parts[0].substr(0, at);
  found.alias = parts[0].substr(at + 1);
  if (trim(found.alias).empty()) return std::nullopt;
  return found;
}

bool isLocalSource(std::string_view text) {
  Uri uri = parseUri(text);
  if (uri.scheme.empty()) return true;
  if (uri.scheme != "file") return false;
  std::string_view host = std::string_view(uri.authority).substr(0, uri.authority.find(':'));
  bool here = host.empty() || host == "." || host.starts_with("localhost") || host.starts_with("127.0.0.1");
  if (!here)
    throw Error(Code::internal,
                fmt::format("{} is not a valid remote uri. For remote access on windows, please consider using a "
                            "different scheme such as SMB (e.g. smb://<hostname>/<path>).",
                            shorten(text, 1000)),
                std::string(forTheClient));
  return true;
}

std::vector<std::string> pathSegments(std::string_view text) { return segments(parseUri(text).path); }

bool hasRelativeParts(std::string_view source) {
  std::string path = decodedFully(parseUri(source).path, false);
  for (std::string_view part : split(path, '/'))
    if (part == "." || part == "..") return true;
  return false;
}

void checkNoRelativeParts(std::string_view source) {
  std::string decoded = decodedFully(std::string(source), true);
  for (std::string_view part : split(decoded, '/'))
    if (part == "..") refuseRelative(source);
  std::string path = parseUri(decoded).path;
  while (path.ends_with('/')) path.pop_back();
  if (path.find('\0') != std::string::npos) refuseRelative(source);
  // What is left must be absolute and mean itself.
  if (path.empty() || path[0] != '/') refuseRelative(source);
  for (std::string_view part : split(path, '/'))
    if (part == ".") refuseRelative(source);
}

}  // namespace regesta::api
