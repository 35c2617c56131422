#include "api/mlflow/artifact_place.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>

#include "base/encoding.h"
#include "base/error.h"

namespace regesta::api::mlflow {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view treeScheme = "mlflow-artifacts:";
constexpr std::string_view treeRoute = "/api/2.0/mlflow-artifacts/artifacts";

/// The path behind "scheme:", with or without an authority.
std::string_view behindScheme(std::string_view uri, std::string_view scheme) {
  uri.remove_prefix(scheme.size());
  if (uri.starts_with("//")) {
    std::size_t slash = uri.find('/', 2);
    uri = slash == std::string_view::npos ? std::string_view() : uri.substr(slash);
  }
  return uri;
}

/// The absolute path of a file: URI or a plain path; empty for any other scheme.
std::string localPath(std::string_view uri) {
  if (uri.starts_with("file:")) {
    auto decoded = percentDecode(behindScheme(uri, "file:"));
    return decoded ? fs::path(*decoded).lexically_normal().string() : std::string();
  }
  if (uri.find("://") != std::string_view::npos || uri.starts_with(treeScheme) || uri.empty()) return {};
  return fs::absolute(uri).lexically_normal().string();
}

/// The path in our tree, or nothing: a root may also be written as the URL that the artifact routes answer on.
std::optional<std::string_view> treePath(std::string_view uri) {
  if (uri.starts_with(treeScheme)) return behindScheme(uri, treeScheme);
  for (std::string_view scheme : {"http:", "https:"}) {
    if (!uri.starts_with(scheme)) continue;
    std::string_view path = behindScheme(uri, scheme);
    if (path.starts_with(treeRoute)) return path.substr(treeRoute.size());
  }
  return std::nullopt;
}

std::string trimSlashes(std::string_view path) {
  while (path.starts_with('/')) path.remove_prefix(1);
  while (path.ends_with('/')) path.remove_suffix(1);
  return std::string(path);
}

/// Links are followed before the comparison, so that a link inside the root does not lead out of it.
bool isBelow(const fs::path& path, const fs::path& root) {
  std::error_code failure;
  fs::path real = fs::weakly_canonical(path, failure);
  fs::path realRoot = fs::weakly_canonical(root, failure);
  auto [end, at] = std::mismatch(realRoot.begin(), realRoot.end(), real.begin(), real.end());
  return !failure && (end == realRoot.end() || (std::next(end) == realRoot.end() && end->empty()));
}

class DiskReader final : public blob::Reader {
 public:
  explicit DiskReader(const std::string& path) : file_(path, std::ios::binary), size_(fs::file_size(path)) {}
  std::uint64_t size() const override { return size_; }
  std::size_t read(std::uint64_t offset, std::span<char> into) override {
    file_.clear();
    file_.seekg(static_cast<std::streamoff>(offset));
    file_.read(into.data(), static_cast<std::streamsize>(into.size()));
    return static_cast<std::size_t>(std::max<std::streamsize>(0, file_.gcount()));
  }

 private:
  std::ifstream file_;
  std::uint64_t size_;
};

}  // namespace

Place placeOf(const Core& core, std::string_view uri, std::string_view inner) {
  std::string tail = inner.empty() ? std::string() : "/" + registry::safePath(inner);
  if (auto path = treePath(uri)) return {Place::Kind::tree, trimSlashes(trimSlashes(*path) + tail)};
  std::string path = localPath(uri), root = localPath(core.artifactRoot);
  if (path.empty() || root.empty()) return {};
  path += tail;
  if (!isBelow(path, root)) return {};
  return {Place::Kind::local, path};
}

std::vector<registry::TreeItem> listPlace(const Core& core, std::string_view workspace, const Place& place) {
  if (place.kind == Place::Kind::tree)
    return core.store.read([&](db::Session& session) { return registry::listFolder(session, workspace, place.path); });
  std::vector<registry::TreeItem> items;
  std::error_code failure;
  if (place.kind == Place::Kind::foreign || !fs::is_directory(place.path, failure)) return items;
  for (const auto& entry : fs::directory_iterator(place.path, failure)) {
    bool folder = entry.is_directory(failure);
    items.push_back(
        {entry.path().filename().string(), folder, folder ? 0 : static_cast<std::int64_t>(entry.file_size(failure))});
  }
  std::sort(items.begin(), items.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return items;
}

std::unique_ptr<blob::Reader> openPlace(const Core& core, std::string_view workspace, const Place& place) {
  if (place.kind == Place::Kind::tree) {
    auto file =
        core.store.read([&](db::Session& session) { return registry::findFile(session, workspace, place.path); });
    return file ? core.blobs.open(file->digest) : nullptr;
  }
  std::error_code failure;
  if (place.kind == Place::Kind::foreign || !fs::is_regular_file(place.path, failure)) return nullptr;
  return std::make_unique<DiskReader>(place.path);
}

}  // namespace regesta::api::mlflow
