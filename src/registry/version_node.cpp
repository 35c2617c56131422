#include "registry/version_node.h"

#include "base/text.h"

namespace regesta::registry {

std::optional<VersionNode> versionNode(std::string_view workspace, std::string_view node) {
  std::size_t slash = node.find('/'), at = node.rfind('@');
  if (slash == std::string_view::npos || at == std::string_view::npos || at < slash) return std::nullopt;
  auto kind = parseKind(node.substr(0, slash));
  auto number = parseInteger(node.substr(at + 1));
  if (!kind || !number) return std::nullopt;
  return VersionNode{{std::string(workspace), *kind, std::string(node.substr(slash + 1, at - slash - 1))}, *number};
}

std::optional<Version> findVersionAt(db::Transaction& transaction, std::string_view workspace, std::string_view node) {
  auto named = versionNode(workspace, node);
  return named ? findVersion(transaction, named->key, named->number) : std::nullopt;
}

}  // namespace regesta::registry
