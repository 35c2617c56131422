#include "registry/tree.h"

#include "base/error.h"
#include "base/time.h"
#include "db/columns.h"
#include "registry/row_note.h"
#include "registry/storage_quota.h"
#include "registry/writers.h"

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

bool sealOn(db::Transaction& transaction, std::string_view workspace, std::string_view folder) {
  return transaction.query("SELECT 1 FROM tree_seal WHERE workspace = $1 AND folder = $2", {workspace, folder}).next();
}

/// Whether a path is sealed.
bool isSealed(db::Transaction& transaction, std::string_view workspace, std::string_view path) {
  if (sealOn(transaction, workspace, path)) return true;
  for (std::string_view folder : ancestors(path))
    if (sealOn(transaction, workspace, folder)) return true;
  return false;
}

constexpr std::string_view fileColumns = "about, digest, etag, modified_at, path, size, workspace, written_by, mac";

/// A row that the server did not write gives no access to the content.
TreeFile readFile(const db::Rows& rows) {
  constexpr db::Columns at(fileColumns);
  static const TableClass& table = *findTableClass("tree_file");
  if (!isGenuine(rowText(table, rows), rows.view(at["mac"])))
    throw error(Code::corrupt,
                "the row of '{}' in tree_file was written by something other than this server: its MAC does not match. "
                "Run regesta ledger verify, and upload the file again",
                rows.view(at["path"]));
  return {rows.text(at["path"]),
          rows.text(at["digest"]),
          rows.integer(at["size"]),
          rows.integer(at["modified_at"]),
          {rows.text(at["etag"]), rows.text(at["about"])},
          readWriters(rows.view(at["written_by"]))};
}

/// A name is a file or a folder, never both.
void checkPlace(db::Transaction& transaction, std::string_view workspace, std::string_view path) {
  for (std::string_view folder : ancestors(path))
    if (findFile(transaction, workspace, folder))
      throw error(Code::invalidState, "'{}' is a file, not a folder", folder);
  if (holdsFiles(transaction, workspace, path)) throw error(Code::invalidState, "'{}' is a folder", path);
}

}  // namespace

// Does not name the version, because the caller may lack permission to read it.
Sealed::Sealed(std::string_view path)
    : Error(Code::invalidState,
            fmt::format("'{}' cannot change: its folder is sealed, because a version was registered from it. Write to "
                        "another folder and register a new version from that",
                        path)) {}

void putFile(db::Transaction& transaction, std::string_view workspace, std::string_view path,
             const blob::Stored& stored, const std::set<std::string>& writers, const FileFacts& facts) {
  std::string safe = safePath(path);
  if (safe.empty()) throw PathError("a file needs a name");
  std::optional<TreeFile> present = findFile(transaction, workspace, safe);
  bool same = present && present->digest == stored.digest;
  if (same && facts.empty()) return;
  if (isSealed(transaction, workspace, safe)) {
    // The same file again: clients repeat an upload whose answer they did not get.
    if (same && present->facts.about == facts.about) return;
    throw Sealed(safe);
  }
  if (!present) checkPlace(transaction, workspace, safe);
  if (!same) takeStorage(transaction, workspace, static_cast<std::int64_t>(stored.size));
  transaction.run(
      "INSERT INTO tree_file (workspace, path, digest, size, modified_at, etag, about, written_by) VALUES ($1, $2, $3, "
      "$4, $5, $6, $7, $8) ON CONFLICT (workspace, path) DO UPDATE SET digest = excluded.digest, size = excluded.size, "
      "modified_at = excluded.modified_at, etag = excluded.etag, about = excluded.about, "
      "written_by = excluded.written_by",
      {workspace, safe, stored.digest, stored.size, nowMillis(), facts.etag, facts.about,
       writersText(same ? present->writers : writers)});
}

std::optional<TreeFile> findFile(db::Transaction& transaction, std::string_view workspace, std::string_view path) {
  static const std::string sql =
      fmt::format("SELECT {} FROM tree_file WHERE workspace = $1 AND path = $2", fileColumns);
  db::Rows rows = transaction.query(sql, {workspace, path});
  if (!rows.next()) return std::nullopt;
  return readFile(rows);
}

bool holdsFiles(db::Transaction& transaction, std::string_view workspace, std::string_view folder) {
  Range range = below(folder);
  return transaction
      .query("SELECT 1 FROM tree_file WHERE workspace = $1 AND path >= $2 AND path < $3 LIMIT 1",
             {workspace, range.from, range.to})
      .next();
}

std::vector<TreeItem> listFolder(db::Transaction& transaction, std::string_view workspace, std::string_view folder) {
  Range range = below(folder);
  std::size_t skip = folder.empty() ? 0 : folder.size() + 1;
  std::vector<TreeItem> items;
  // Reads in batches and jumps over the rest of a sub-folder as soon as a batch ends inside it.
  for (std::string cursor = range.from;;) {
    std::size_t count = 0;
    std::string last;
    {
      db::Rows rows = transaction.query(
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

std::vector<TreeFile> filesBelow(db::Transaction& transaction, std::string_view workspace, std::string_view folder) {
  std::vector<TreeFile> files;
  if (std::optional<TreeFile> itself = findFile(transaction, workspace, folder)) return {*std::move(itself)};
  Range range = below(folder);
  db::Rows rows = transaction.query(
      fmt::format("SELECT {} FROM tree_file WHERE workspace = $1 AND path >= $2 AND path < $3 ORDER BY path",
                  fileColumns),
      {workspace, range.from, range.to});
  while (rows.next()) files.push_back(readFile(rows));
  return files;
}

std::vector<TreeFile> filesWithContent(db::Transaction& transaction, std::string_view workspace,
                                       std::string_view digest) {
  std::vector<TreeFile> files;
  db::Rows rows = transaction.query(
      fmt::format("SELECT {} FROM tree_file WHERE digest = $1 AND workspace = $2 ORDER BY path", fileColumns),
      {digest, workspace});
  while (rows.next()) files.push_back(readFile(rows));
  return files;
}

std::size_t removeTree(db::Transaction& transaction, std::string_view workspace, std::string_view path) {
  Range range = below(path);
  if (!path.empty() && isSealed(transaction, workspace, path)) throw Sealed(path);
  {
    db::Rows rows =
        transaction.query("SELECT folder FROM tree_seal WHERE workspace = $1 AND folder >= $2 AND folder < $3 LIMIT 1",
                          {workspace, range.from, range.to});
    if (rows.next()) throw Sealed(rows.view(0));
  }
  std::int64_t removed = transaction.run("DELETE FROM tree_file WHERE workspace = $1 AND path >= $2 AND path < $3",
                                         {workspace, range.from, range.to});
  if (!path.empty())
    removed += transaction.run("DELETE FROM tree_file WHERE workspace = $1 AND path = $2", {workspace, path});
  return static_cast<std::size_t>(removed);
}

void sealFolder(db::Transaction& transaction, std::string_view workspace, std::string_view folder,
                std::string_view reason) {
  if (folder.empty()) throw Error(Code::invalid, "The whole tree cannot be sealed");
  transaction.run(
      "INSERT INTO tree_seal (workspace, folder, reason) VALUES ($1, $2, $3) "
      "ON CONFLICT (workspace, folder) DO NOTHING",
      {workspace, folder, reason});
}

}  // namespace regesta::registry
