#include "api/mlflow/version_source_uri.h"

#include "base/encoding.h"
#include "base/error.h"
#include "base/text.h"

namespace regesta::api::mlflow {
namespace {

constexpr std::string_view artifactRoute[] = {"api", "2.0", "mlflow-artifacts", "artifacts"};

/// Decodes until nothing changes. A broken escape stays as it is, as urllib leaves it.
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

bool isScheme(std::string_view text) {
  auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  if (text.empty() || !letter(text[0])) return false;
  return std::all_of(text.begin(), text.end(),
                     [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.'; });
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

Uri parseUri(std::string_view text) {
  Uri uri;
  std::size_t colon = text.find(':');
  if (colon != std::string_view::npos && isScheme(text.substr(0, colon))) {
    uri.scheme = lower(text.substr(0, colon));
    text.remove_prefix(colon + 1);
  }
  text = text.substr(0, text.find_first_of("?#"));
  if (text.starts_with("//")) {
    std::size_t slash = text.find('/', 2);
    uri.authority = lower(text.substr(2, slash == std::string_view::npos ? slash : slash - 2));
    text = slash == std::string_view::npos ? std::string_view() : text.substr(slash);
  }
  uri.path = text;
  return uri;
}

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
    throw error(Code::internal,
                "{} is not a valid remote uri. For remote access on windows, please consider using a different scheme "
                "such as SMB "
                "(e.g. smb://<hostname>/<path>).",
                shorten(text, 1000));
  return true;
}

bool isProxiedArtifact(std::string_view text) {
  Uri uri = parseUri(text);
  if (uri.scheme == "mlflow-artifacts") return true;
  if (uri.scheme != "http" && uri.scheme != "https") return false;
  std::vector<std::string> parts = segments(uri.path);
  return std::search(parts.begin(), parts.end(), std::begin(artifactRoute), std::end(artifactRoute)) != parts.end();
}

std::vector<std::string> pathSegments(std::string_view text) { return segments(parseUri(text).path); }

std::string artifactPathOnly(std::string_view text) {
  std::vector<std::string> parts = pathSegments(text);
  auto route = std::search(parts.begin(), parts.end(), std::begin(artifactRoute), std::end(artifactRoute));
  if (route != parts.end()) parts.erase(parts.begin(), route + std::size(artifactRoute));
  return "/" + join(parts, "/");
}

bool isWithin(std::string_view source, std::string_view root) {
  Uri a = parseUri(source), b = parseUri(root);
  std::vector<std::string> inner = segments(a.path), outer = segments(b.path);
  return a.scheme == b.scheme && a.authority == b.authority && !outer.empty() && inner.size() >= outer.size() &&
         std::equal(outer.begin(), outer.end(), inner.begin());
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

}  // namespace regesta::api::mlflow
