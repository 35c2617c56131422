#include "governance/readable_tree.h"

#include "registry/version_files.h"

namespace regesta::governance {

using access::Verb;

ReadableTree::ReadableTree(db::Transaction& transaction, const access::Identity& identity, std::string_view workspace)
    : scope_(transaction, identity, workspace), everything_(scope_.everything(Verb::read)) {
  if (everything_) return;
  db::Rows rows = transaction.query("SELECT folder, name FROM experiment WHERE workspace = $1", {workspace});
  while (rows.next()) {
    Answer answer = scope_.name(Verb::read, rows.view(1)) ? Answer::readable : Answer::hidden;
    auto [place, fresh] = folders_.try_emplace(rows.text(0), answer);
    if (!fresh && place->second != answer) place->second = Answer::mixed;
  }
}

bool ReadableTree::path(std::string_view path, std::string& jump) {
  if (everything_) return true;
  // The nearest experiment owns the path, as in tracking::ownerOf().
  for (std::string_view folder = path;;) {
    auto found = folders_.find(folder);
    if (found != folders_.end()) {
      if (found->second == Answer::mixed) return scope_.path(Verb::read, path);
      if (found->second == Answer::readable) return true;
      auto inner = folders_.lower_bound(std::string(folder) + '/');
      bool alone = inner == folders_.end() || !inner->first.starts_with(std::string(folder) + '/');
      if (alone && !folder.empty() && folder.size() < path.size()) jump = folder;
      return false;
    }
    if (folder.empty()) break;
    std::size_t slash = folder.rfind('/');
    folder = slash == folder.npos ? std::string_view() : folder.substr(0, slash);
  }
  // Without owner: of these, only copies of versions can be read with a role on some names.
  if (path.substr(0, path.find('/')) != registry::snapshotFolder) return false;
  std::string_view folder = path.substr(0, path.find('/', path.find('/') + 1));
  if (last_.empty() || folder != last_) {
    last_ = folder;
    lastReadable_ = scope_.path(Verb::read, path);
  }
  return lastReadable_;
}

}  // namespace regesta::governance
