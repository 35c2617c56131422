#include "registry/tree.h"

#include "base/error.h"
#include "base/time.h"

namespace regesta::registry {
namespace {

constexpr std::size_t batch = 256;

/// The half-open range of paths below a folder: '0' follows '/' in byte order, which is the order of both databases
/// here.
struct Range {
  std::string from, to;
};

Range below(std::string_view folder) {
  if (folder.empty()) return {"", "\xF4\x8F\xBF\xBF"};
  return {std::string(folder) + '/', std::string(folder) + '0'};
}

/// "a/b/c" has the ancestors "a/b" and "a".
std::vector<std::string_view> ancestors(std::string_view path) {
  std::vector<std::string_view> found;
  for (std::size_t at = path.rfind('/'); at != std::string_view::npos; at = path.rfind('/')) {
    path = path.substr(0, at);
    found.push_back(path);
  }
  return found;
}

std::optional<std::string> sealOn(db::Session& session, std::string_view workspace, std::string_view folder) {
  db::Rows rows =
      session.query("SELECT reason FROM tree_seal WHERE workspace = $1 AND folder = $2", {workspace, folder});
  if (!rows.next()) return std::nullopt;
  return rows.text(0);
}

/// The reason why a path may not change, if any.
std::optional<std::string> sealOver(db::Session& session, std::string_view workspace, std::string_view path) {
  std::optional<std::string> reason = sealOn(session, workspace, path);
  for (std::string_view folder : ancestors(path)) {
    if (reason) break;
    reason = sealOn(session, workspace, folder);
  }
  return reason;
}

[[noreturn]] void refuseSealed(std::string_view path, std::string_view reason) {
  throw error(Code::invalidState, "'{}' cannot change: its folder is sealed ({})", path, reason);
}

bool holdsFiles(db::Session& session, std::string_view workspace, std::string_view folder) {
  Range range = below(folder);
  return session
      .query("SELECT 1 FROM tree_file WHERE workspace = $1 AND path >= $2 AND path < $3 LIMIT 1",
             {workspace, range.from, range.to})
      .next();
}

/// A name is a file or a folder, never both.
void checkPlace(db::Session& session, std::string_view workspace, std::string_view path) {
  for (std::string_view folder : ancestors(path))
    if (findFile(session, workspace, folder)) throw error(Code::invalidState, "'{}' is a file, not a folder", folder);
  if (holdsFiles(session, workspace, path)) throw error(Code::invalidState, "'{}' is a folder", path);
}

}  // namespace

void putFile(db::Session& session, std::string_view workspace, std::string_view path, const blob::Stored& stored) {
  std::string safe = safePath(path);
  if (safe.empty()) throw Error(Code::invalid, "Invalid path: a file needs a name");
  std::optional<TreeFile> present = findFile(session, workspace, safe);
  if (present && present->digest == stored.digest) return;
  if (std::optional<std::string> reason = sealOver(session, workspace, safe)) refuseSealed(safe, *reason);
  if (!present) checkPlace(session, workspace, safe);
  session.run(
      "INSERT INTO tree_file (workspace, path, digest, size, modified_at) VALUES ($1, $2, $3, $4, $5) "
      "ON CONFLICT (workspace, path) DO UPDATE SET digest = excluded.digest, size = excluded.size, "
      "modified_at = excluded.modified_at",
      {workspace, safe, stored.digest, stored.size, nowMillis()});
}

std::optional<TreeFile> findFile(db::Session& session, std::string_view workspace, std::string_view path) {
  db::Rows rows = session.query(
      "SELECT path, digest, size, modified_at FROM tree_file WHERE workspace = $1 AND path = $2", {workspace, path});
  if (!rows.next()) return std::nullopt;
  return TreeFile{rows.text(0), rows.text(1), rows.integer(2), rows.integer(3)};
}

std::vector<TreeItem> listFolder(db::Session& session, std::string_view workspace, std::string_view folder) {
  Range range = below(folder);
  std::size_t skip = folder.empty() ? 0 : folder.size() + 1;
  std::vector<TreeItem> items;
  // Reads in batches and jumps over the rest of a sub-folder as soon as a batch ends inside it.
  for (std::string cursor = range.from;;) {
    std::size_t count = 0;
    std::string last;
    {
      db::Rows rows = session.query(
          "SELECT path, size FROM tree_file WHERE workspace = $1 AND path >= $2 AND path < $3 "
          "ORDER BY path LIMIT $4",
          {workspace, cursor, range.to, batch});
      for (; rows.next(); ++count) {
        last = rows.text(0);
        std::string_view rest = std::string_view(last).substr(skip);
        std::size_t slash = rest.find('/');
        std::string name(rest.substr(0, slash));
        bool isFolder = slash != std::string_view::npos;
        if (isFolder && !items.empty() && items.back().folder && items.back().name == name) continue;
        items.push_back({std::move(name), isFolder, isFolder ? 0 : rows.integer(1)});
      }
    }
    if (count < batch) break;
    cursor = items.back().folder ? last.substr(0, skip) + items.back().name + '0' : last + '\x01';
  }
  std::sort(items.begin(), items.end(), [](const TreeItem& a, const TreeItem& b) { return a.name < b.name; });
  items.erase(
      std::unique(items.begin(), items.end(), [](const TreeItem& a, const TreeItem& b) { return a.name == b.name; }),
      items.end());
  return items;
}

std::vector<TreeFile> filesBelow(db::Session& session, std::string_view workspace, std::string_view folder) {
  std::vector<TreeFile> files;
  if (std::optional<TreeFile> itself = findFile(session, workspace, folder)) return {*std::move(itself)};
  Range range = below(folder);
  db::Rows rows = session.query(
      "SELECT path, digest, size, modified_at FROM tree_file "
      "WHERE workspace = $1 AND path >= $2 AND path < $3 ORDER BY path",
      {workspace, range.from, range.to});
  while (rows.next()) files.push_back({rows.text(0), rows.text(1), rows.integer(2), rows.integer(3)});
  return files;
}

std::size_t removeTree(db::Session& session, std::string_view workspace, std::string_view path) {
  Range range = below(path);
  if (!path.empty())
    if (std::optional<std::string> reason = sealOver(session, workspace, path)) refuseSealed(path, *reason);
  {
    db::Rows rows = session.query(
        "SELECT folder, reason FROM tree_seal WHERE workspace = $1 AND folder >= $2 AND folder < $3 "
        "LIMIT 1",
        {workspace, range.from, range.to});
    if (rows.next()) refuseSealed(rows.view(0), rows.view(1));
  }
  std::int64_t removed = session.run("DELETE FROM tree_file WHERE workspace = $1 AND path >= $2 AND path < $3",
                                     {workspace, range.from, range.to});
  if (!path.empty())
    removed += session.run("DELETE FROM tree_file WHERE workspace = $1 AND path = $2", {workspace, path});
  return static_cast<std::size_t>(removed);
}

void sealFolder(db::Session& session, std::string_view workspace, std::string_view folder, std::string_view reason) {
  if (folder.empty()) throw Error(Code::invalid, "The whole tree cannot be sealed");
  session.run(
      "INSERT INTO tree_seal (workspace, folder, reason) VALUES ($1, $2, $3) "
      "ON CONFLICT (workspace, folder) DO NOTHING",
      {workspace, folder, reason});
}

}  // namespace regesta::registry
