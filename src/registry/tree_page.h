#pragma once
#include <functional>
#include <string>
#include <vector>

#include "registry/tree.h"

namespace regesta::registry {

/// A listing in S3's form: paths that begin with a prefix, in byte order.
struct TreeQuery {
  std::string prefix;
  std::string delimiter;  ///< paths are cut after its first place after the prefix, and listed once; empty: never
  std::string after;      ///< a path or cut path; the listing goes on after it
  std::size_t limit = 1000;
};
struct TreePage {
  std::vector<TreeFile> files;
  std::vector<std::string> prefixes;  ///< cut paths
  std::string last;                   ///< what to go on after; empty: that was all
};
/// Whether the caller may read a path. After false, `jump` is a folder that has nothing else either, or empty.
using TreeFilter = std::function<bool(std::string_view path, std::string& jump)>;
/// Rows are not compared with their MACs: a listing opens no content.
TreePage listTree(db::Transaction& transaction, std::string_view workspace, const TreeQuery& query,
                  const TreeFilter& filter);

}  // namespace regesta::registry
