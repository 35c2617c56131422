#include "api/mlflow/version_tree.h"

#include "base/text.h"
#include "registry/reference.h"

namespace regesta::api::mlflow {
namespace {

constexpr std::string_view root = "versions";

bool hasOwnFiles(const registry::Version& version) { return version.source.empty() && version.storage.empty(); }

}  // namespace

std::string versionTreeUri(db::Transaction& transaction, const registry::Version& version) {
  if (!hasOwnFiles(version) || registry::versionFiles(transaction, version).empty()) return {};
  return registry::treeUri(fmt::format("{}/{}/{}", root, version.asset.key.name, version.number));
}

std::optional<VersionPath> findVersionPath(const Call& call, db::Transaction& transaction, std::string_view path) {
  std::vector<std::string_view> parts = split(path, '/');
  if (parts.size() < 3 || parts[0] != root) return std::nullopt;
  std::optional<std::int64_t> number = parseInteger(parts[2]);
  if (!number || !call.identity->may(access::Verb::read, call.workspace, parts[1])) return std::nullopt;
  auto version =
      registry::findVersion(transaction, {call.workspace, registry::Kind::model, std::string(parts[1])}, *number);
  if (!version || !hasOwnFiles(*version)) return std::nullopt;
  std::size_t skip = parts[0].size() + parts[1].size() + parts[2].size() + 3;
  return VersionPath{*std::move(version), path.size() > skip ? std::string(path.substr(skip)) : std::string()};
}

std::vector<registry::TreeItem> listVersionFolder(db::Transaction& transaction, const VersionPath& folder) {
  std::vector<registry::TreeItem> items;
  std::string below = folder.inner.empty() ? "" : folder.inner + "/";
  for (const registry::VersionFile& file : registry::versionFiles(transaction, folder.version)) {  // by path
    if (!file.path.starts_with(below)) continue;
    std::string rest = file.path.substr(below.size());
    std::size_t slash = rest.find('/');
    if (slash == std::string::npos)
      items.push_back({rest, false, file.size});
    else if (items.empty() || items.back().name != rest.substr(0, slash))
      items.push_back({rest.substr(0, slash), true, 0});
  }
  return items;
}

}  // namespace regesta::api::mlflow
