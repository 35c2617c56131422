#include "tracking/artifact.h"

#include "registry/tree.h"
#include "registry/version.h"

namespace regesta::tracking {

std::optional<std::string> treeFolder(std::string_view artifactUri) {
  constexpr std::string_view scheme = "mlflow-artifacts:";
  if (!artifactUri.starts_with(scheme)) return std::nullopt;
  std::string_view path = artifactUri.substr(scheme.size());
  path = path.substr(0, path.find('?'));
  if (path.starts_with("//") && !path.starts_with("///")) {
    std::size_t slash = path.find('/', 2);
    path = slash == std::string_view::npos ? std::string_view() : path.substr(slash);
  }
  while (path.starts_with('/')) path.remove_prefix(1);
  return path.empty() ? std::string() : registry::safePath(path);
}

FolderDigest digestOfFolder(db::Session& session, std::string_view workspace, std::string_view folder) {
  std::vector<registry::VersionFile> files;
  for (const registry::TreeFile& file : registry::filesBelow(session, workspace, folder)) {
    std::string_view path = file.path;
    if (!folder.empty() && path.size() > folder.size()) path.remove_prefix(folder.size() + 1);
    files.push_back({std::string(path), file.digest, file.size});
  }
  if (files.empty()) return {};
  return {files.size(), registry::digestOfFiles(files)};
}

}  // namespace regesta::tracking
