#include "cli/import/artifact_roots.h"

#include <algorithm>
#include <optional>

#include "base/encoding.h"
#include "base/error.h"
#include "base/text.h"

namespace regesta::cli {
namespace {

namespace fs = std::filesystem;

std::string schemeOf(const std::string& uri) {
  std::size_t colon = uri.find(':');
  return colon == std::string::npos || uri.find('/') < colon ? "" : lower(uri.substr(0, colon));
}

/// Without scheme and host.
std::string pathOf(const std::string& uri) {
  std::string rest = uri.substr(uri.find(':') + 1);
  return rest.starts_with("//") ? rest.substr(std::min(rest.find('/', 2), rest.size())) : rest;
}

/// The parts of a path, without empty ones; nothing for a path with "..".
std::optional<std::vector<std::string>> partsOf(const std::string& path) {
  std::vector<std::string> parts;
  for (const fs::path& part : fs::path(path)) {
    std::string text = part.string();
    if (text == "..") return std::nullopt;
    if (!text.empty() && text != "/" && text != ".") parts.push_back(std::move(text));
  }
  return parts;
}

fs::path below(const fs::path& root, const std::vector<std::string>& parts, std::size_t first) {
  fs::path path = root;
  for (std::size_t at = first; at < parts.size(); ++at) path /= parts[at];
  return path;
}

bool isInside(const fs::path& root, const fs::path& path) {
  auto [end, rest] = std::mismatch(root.begin(), root.end(), path.begin(), path.end());
  return end == root.end();
}

/// The folder itself, if it is there and no link leads out of the root.
std::optional<fs::path> folderInside(const fs::path& root, const fs::path& path) {
  std::error_code fault;
  fs::path real = fs::canonical(path, fault);
  if (fault || !fs::is_directory(real) || !isInside(root, real)) return std::nullopt;
  return real;
}

std::int64_t changeTime(const fs::path& file) {
  std::error_code ignored;
  return fs::last_write_time(file, ignored).time_since_epoch().count();
}

}  // namespace

ArtifactRoots::ArtifactRoots(const std::vector<std::string>& roots) {
  for (const std::string& root : roots) {
    std::error_code fault;
    fs::path real = fs::canonical(root, fault);
    if (fault || !fs::is_directory(real))
      throw error(Code::notFound, "the artifact root {} is not a folder on this machine", root);
    roots_.push_back(std::move(real));
  }
}

ArtifactRoots::Place ArtifactRoots::placeOf(const std::string& uri) const {
  std::string scheme = schemeOf(uri);
  bool local = scheme.empty() || scheme == "file";
  if (!local && scheme != "mlflow-artifacts") return {};
  std::string path = scheme.empty() ? uri : percentDecode(pathOf(uri)).value_or("..");
  auto parts = partsOf(path);
  if (!parts) return {};
  bool covered = false;
  for (const fs::path& root : roots_) {
    if (local && isInside(root, path)) {
      covered = true;
      if (auto found = folderInside(root, path)) return {true, *found};
    }
    // A proxied path begins in the root; a local one does if the root was copied: after the name that both share, or at
    // the longest end that exists, of a run's two parts at least.
    for (std::size_t first = 0; first + 2 <= parts->size(); ++first) {
      if (!local && first > 0) break;
      if (!local || (first > 0 && (*parts)[first - 1] == root.filename().string())) covered = true;
      if (folderInside(root, root / (*parts)[first])) covered = true;
      if (auto found = folderInside(root, below(root, *parts, first))) return {true, *found};
    }
  }
  return {covered, {}};
}

ArtifactTree ArtifactRoots::list(const std::string& uri) const {
  ArtifactTree tree;
  if (uri.empty()) return tree;
  Place place = placeOf(uri);
  tree.covered = place.covered;
  if (place.folder.empty()) return tree;
  const fs::path* folder = &place.folder;
  std::error_code fault;
  fs::recursive_directory_iterator walk(*folder, fault);
  for (; !fault && walk != fs::end(walk); walk.increment(fault)) {
    fs::file_status status = walk->symlink_status();
    if (fs::is_symlink(status)) {
      tree.problems.push_back(fmt::format("{} is a symbolic link, which is not followed", walk->path().string()));
      walk.disable_recursion_pending();
    } else if (fs::is_regular_file(status)) {
      std::error_code gone;
      std::uint64_t size = fs::file_size(walk->path(), gone);
      if (!gone)
        tree.files.push_back(
            {fs::relative(walk->path(), *folder).generic_string(), walk->path(), size, changeTime(walk->path())});
    }
  }
  if (fault) tree.problems.push_back(fmt::format("{} cannot be read: {}", folder->string(), fault.message()));
  std::ranges::sort(tree.files, {}, &ArtifactFile::path);
  return tree;
}

}  // namespace regesta::cli
