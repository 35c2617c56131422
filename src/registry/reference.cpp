#include "registry/reference.h"

#include <algorithm>
#include <filesystem>

#include "base/encoding.h"
#include "base/error.h"
#include "base/text.h"
#include "registry/tree.h"

namespace regesta::registry {
namespace {

constexpr std::string_view treeScheme = "mlflow-artifacts";
constexpr std::string_view routeTail[] = {"2.0", "mlflow-artifacts"};
/// Routes below that whose rest is a path in the tree.
constexpr std::string_view treeRoutes[] = {"artifacts", "presigned"};
/// Routes that give one file, which their query names: no folder of a version.
constexpr std::string_view fileRoutes[] = {"get-artifact", "presigned-download-url"};

bool isScheme(std::string_view text) {
  auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  if (text.empty() || !letter(text[0])) return false;
  return std::all_of(text.begin(), text.end(),
                     [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.'; });
}

[[noreturn]] void refuse(std::string_view reference, std::string_view rule) {
  throw PathError(std::string(rule), shorten(reference, 1000));
}

/// Decoded once, as the server decodes a request's path. A path that can be decoded again could be one place for the
/// client that downloads from it and another for the code that checks it.
std::string decodedPath(std::string_view reference, const std::string& path) {
  std::optional<std::string> decoded = percentDecode(path);
  if (!decoded) refuse(reference, "has a broken percent escape");
  std::optional<std::string> again = percentDecode(*decoded);
  if (again && *again != *decoded) refuse(reference, "is percent-encoded more than once");
  return *std::move(decoded);
}

struct RouteTail {
  std::string path;       ///< below the artifact route
  bool relative = false;  ///< the URL has "..", which clients resolve before they send it and others after
};

std::string joinFrom(const std::vector<std::string>& parts, std::size_t from) {
  return join(std::vector<std::string>(parts.begin() + static_cast<std::ptrdiff_t>(from), parts.end()), "/");
}

std::optional<std::string> pathAfterRoute(const std::vector<std::string>& parts, std::string_view workspace) {
  std::vector<std::string> folded;
  folded.reserve(parts.size());
  for (const std::string& part : parts) folded.push_back(lower(part));
  auto tail = std::search(folded.begin(), folded.end(), std::begin(routeTail), std::end(routeTail));
  // S3's path style, below the front's own prefix: /s3/<bucket>/<key>.
  auto front = std::find(folded.begin(), tail, "s3");
  std::size_t bucket = static_cast<std::size_t>(front - folded.begin()) + 1;
  if (front != tail && bucket < parts.size() && !workspace.empty() && parts[bucket] == workspace)
    return joinFrom(parts, bucket + 1);
  if (tail == folded.end() || tail == folded.begin()) return std::nullopt;
  const std::string& before = *std::prev(tail);
  if (before != "api" && before != "ajax-api") return std::nullopt;
  std::size_t route = static_cast<std::size_t>(tail - folded.begin()) + std::size(routeTail);
  if (route == parts.size() || std::ranges::find(treeRoutes, folded[route]) == std::end(treeRoutes))
    return std::nullopt;
  return joinFrom(parts, route + 1);
}

/// What follows the artifact route in the path of a URL; nothing when the URL is of something else, both as it stands
/// and with its ".." resolved.
std::optional<RouteTail> pathAfterRoute(std::string_view path, std::string_view workspace) {
  std::vector<std::string> parts, resolved;
  bool relative = false;
  for (std::string_view part : split(path, '/')) {
    if (part.empty() || part == ".") continue;
    parts.emplace_back(part);
    if (part != "..") {
      resolved.emplace_back(part);
      continue;
    }
    relative = true;
    if (!resolved.empty()) resolved.pop_back();
  }
  std::optional<std::string> found = pathAfterRoute(parts, workspace);
  if (!found && relative) found = pathAfterRoute(resolved, workspace);
  if (!found) return std::nullopt;
  return RouteTail{*std::move(found), relative};
}

bool isFileRoute(std::string_view path) {
  std::string folded = lower(path);
  std::string_view rest = folded;
  while (rest.ends_with('/')) rest.remove_suffix(1);
  std::string_view last = rest.substr(rest.rfind('/') + 1);
  return std::ranges::find(fileRoutes, last) != std::end(fileRoutes);
}

/// Pages of other fronts that give files of versions or of a branch, which can change: below the server's root, or
/// below the prefix of a proxy.
bool isPageOfFiles(std::string_view path) {
  std::string folded = lower(path) + "/";
  auto holds = [&](std::string_view part) { return folded.find(part) != std::string::npos; };
  return (holds("/hf/") && (holds("/resolve/") || holds("/api/"))) || holds("/api/v1/assets/") ||
         holds("/api/v1/blobs/") || holds("/api/v1/prompts/") || holds(".0/mlflow-artifacts/") ||
         (holds("/lfs/") && holds("/objects/")) || holds("/model-versions/get-artifact/");
}

bool isS3(std::string_view scheme) { return scheme == "s3" || scheme == "s3a" || scheme == "s3n"; }

bool isTreeScheme(std::string_view scheme) {
  return scheme == treeScheme || scheme == "http" || scheme == "https" || isS3(scheme);
}

std::string_view firstPart(std::string_view path) {
  while (path.starts_with('/')) path.remove_prefix(1);
  return path.substr(0, path.find('/'));
}

std::string safeBelowRoot(std::string_view path) {
  while (path.starts_with('/')) path.remove_prefix(1);
  return path.empty() ? std::string() : safePath(path);
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

std::optional<std::string> treePath(std::string_view reference, std::string_view workspace) {
  Uri uri = parseUri(trim(reference));
  // S3 clients send the key as it is in the URI: it is not decoded.
  if (isS3(uri.scheme) && !workspace.empty()) {
    if (uri.authority == workspace) return safeBelowRoot(uri.path);
    if (uri.authority.empty() && firstPart(uri.path) == workspace)
      refuse(reference, "names no bucket: write s3://BUCKET/path");
  }
  if (isTreeScheme(uri.scheme) && reference.find('\\') != std::string_view::npos)
    refuse(reference, "has a backslash: write '/'");
  if (uri.scheme == treeScheme) return safeBelowRoot(decodedPath(reference, uri.path));
  if (uri.scheme.find(treeScheme) != std::string::npos)
    refuse(reference, fmt::format("has an unknown scheme: write {}:/path", treeScheme));
  if (uri.scheme != "http" && uri.scheme != "https") return std::nullopt;
  // Looked for in a path that was decoded as often as it can be, so that no spelling of the route escapes.
  std::string path = uri.path;
  for (int i = 0; i < 10; ++i) {
    std::optional<std::string> next = percentDecode(path);
    if (!next || *next == path) break;
    path = *std::move(next);
  }
  std::optional<RouteTail> inner = pathAfterRoute(std::string_view(path), workspace);
  if (!inner && (isFileRoute(path) || isPageOfFiles(path)))
    refuse(reference, "is a page of this server that gives files: name a folder, as mlflow-artifacts:/path");
  if (!inner) return std::nullopt;
  if (inner->relative) refuse(reference, "has '..' in it");
  std::optional<RouteTail> once = pathAfterRoute(std::string_view(decodedPath(reference, uri.path)), workspace);
  if (!once || once->path != inner->path) refuse(reference, "is percent-encoded more than once");
  return safeBelowRoot(inner->path);
}

std::string treeUri(std::string_view path) {
  // Unencoded if unambiguous, because MLflow's client lists a folder by the path in the URI.
  bool plain = path.find_first_of("%?#") == std::string_view::npos;
  return fmt::format("{}:/{}", treeScheme, plain ? std::string(path) : percentEncode(path, true));
}

std::optional<std::string> localPath(std::string_view reference) {
  Uri uri = parseUri(reference);
  if (reference.empty() || (!uri.scheme.empty() && uri.scheme != "file")) return std::nullopt;
  std::string path = uri.scheme.empty() ? std::string(reference) : percentDecode(uri.path).value_or(uri.path);
  std::string normal = std::filesystem::absolute(path).lexically_normal().string();
  while (normal.size() > 1 && normal.ends_with('/')) normal.pop_back();
  return normal;
}

}  // namespace regesta::registry
