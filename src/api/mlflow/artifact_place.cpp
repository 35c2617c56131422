#include "api/mlflow/artifact_place.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>

#include "registry/reference.h"

namespace regesta::api::mlflow {
namespace {

namespace fs = std::filesystem;

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

Place placeOf(const Call& call, std::string_view uri, std::string_view inner) {
  std::string tail = inner.empty() ? std::string() : "/" + registry::safePath(inner);
  if (auto path = registry::treePath(uri, call.workspace))
    return {Place::Kind::tree, path->empty() && !tail.empty() ? tail.substr(1) : *path + tail};
  auto path = registry::localPath(uri), root = registry::localPath(call.core.artifactRoot);
  if (!path || !root || !isBelow(*path + tail, *root)) return {};
  return {Place::Kind::local, *path + tail};
}

std::vector<registry::TreeItem> listPlace(const Core& core, std::string_view workspace, const Place& place) {
  if (place.kind == Place::Kind::tree)
    return core.store.read(
        [&](db::Transaction& transaction) { return registry::listFolder(transaction, workspace, place.path); });
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
    auto file = core.store.read(
        [&](db::Transaction& transaction) { return registry::findFile(transaction, workspace, place.path); });
    return file ? core.blobs.open(file->digest) : nullptr;
  }
  std::error_code failure;
  if (place.kind == Place::Kind::foreign || !fs::is_regular_file(place.path, failure)) return nullptr;
  return std::make_unique<DiskReader>(place.path);
}

}  // namespace regesta::api::mlflow
