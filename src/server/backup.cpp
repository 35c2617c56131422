#include "server/backup.h"

#include <cstring>
#include <filesystem>

#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/time.h"
#include "crypto/hash.h"
#include "db/database.h"
#include "server/data_directory.h"
#include "server/version.h"

namespace regesta::server {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view listName = "backup.json";
constexpr std::size_t piece = 1 << 20;

struct Item {
  std::string path;  ///< inside the directory
  std::uint64_t size = 0;
  std::string sha256;
};

void demandEmbedded(const Config& config) {
  if (!config.text("db").empty())
    throw Error(Code::unsupported,
                "the state is in PostgreSQL: back it up with pg_dump, and the data directory's keys/ and blobs with "
                "your own tools");
  if (!config.text("blobs").empty())
    throw Error(Code::unsupported, "the blobs are in an object store, which has backups of its own");
}

std::string readPiece(const file::Handle& handle, const std::string& path, std::string& buffer) {
  ssize_t got = ::read(handle.get(), buffer.data(), buffer.size());
  if (got < 0) throw error(Code::unavailable, "{} cannot be read: {}", path, std::strerror(errno));
  return buffer.substr(0, static_cast<std::size_t>(got));
}

/// What a file holds, in pieces.
Item describe(const fs::path& path, const std::string& name, const std::function<void(std::string_view)>& visit) {
  file::Handle input = file::openFile(path.string());
  if (!input) throw error(Code::notFound, "{} has gone while it was being read", path.string());
  crypto::Sha256 hash;
  Item item{name, 0, {}};
  std::string buffer(piece, '\0');
  for (std::string bytes = readPiece(input, path.string(), buffer); !bytes.empty();
       bytes = readPiece(input, path.string(), buffer)) {
    hash.update(bytes);
    item.size += bytes.size();
    visit(bytes);
  }
  item.sha256 = crypto::hex(hash.finish());
  return item;
}

/// Copies one file with its mode, durable before this returns, and says what it held.
Item copyFile(const fs::path& from, const fs::path& to, const std::string& name,
              const std::function<void(std::size_t)>& moved) {
  file::makeFolders(to.parent_path().string());
  file::Handle output = file::createFile(to.string());
  fs::permissions(to, fs::status(from).permissions());  // before a secret is in it
  Item item = describe(from, name, [&](std::string_view bytes) {
    file::writeAll(output, to.string(), bytes);
    moved(bytes.size());
  });
  file::syncFile(output, to.string());
  return item;
}

std::vector<fs::path> filesBelow(const fs::path& folder) {
  std::vector<fs::path> files;
  if (!fs::exists(folder)) return files;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file() && !file::isTemporary(entry.path().filename().string())) files.push_back(entry.path());
  std::ranges::sort(files);
  return files;
}

std::int64_t entriesIn(const std::string& database) {
  auto opened = db::openSqlite({.path = database, .readers = 1, .readOnly = true});
  return opened->reading([](db::Session& session) {
    db::Rows rows = session.query("SELECT count(*) FROM ledger_entry");
    rows.next();
    return rows.integer(0);
  });
}

void syncAll(const fs::path& folder) {
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_directory()) file::syncFolder(entry.path().string());
  file::syncFolder(folder.string());
}

/// A folder under another name until it is whole; gone when something throws before finish().
class Unfinished {
 public:
  explicit Unfinished(const fs::path& target) : target_(target), folder_(target.string() + ".unfinished") {
    fs::remove_all(folder_);
    file::makeFolders(folder_.string());
    fs::permissions(folder_, fs::perms::owner_all);
  }
  ~Unfinished() {
    std::error_code ignored;
    if (!done_) fs::remove_all(folder_, ignored);
  }
  Unfinished(const Unfinished&) = delete;
  Unfinished& operator=(const Unfinished&) = delete;
  const fs::path& folder() const { return folder_; }
  void finish() {
    syncAll(folder_);
    if (fs::exists(target_)) fs::remove(target_);  // an empty folder; anything else makes this throw
    file::renameFile(folder_.string(), target_.string());
    done_ = true;
  }

 private:
  fs::path target_, folder_;
  bool done_ = false;
};

bool isEmptyOrAbsent(const fs::path& folder) {
  return !fs::exists(folder) || (fs::is_directory(folder) && fs::is_empty(folder));
}

std::string listOf(const std::vector<Item>& items, std::int64_t entries) {
  json::array files;
  for (const Item& item : items)
    files.push_back(json::object{{"path", item.path}, {"size", item.size}, {"sha256", item.sha256}});
  json::object list = {{"regesta", version},
                       {"created_at", formatTime(nowMillis())},
                       {"ledger_entries", entries},
                       {"files", std::move(files)}};
  return json::serialize(list) + "\n";
}

/// A path of the list, kept below the folder it is meant for.
std::string safePath(const json::value& value) {
  std::string path(value.as_string());
  fs::path normal = fs::path(path).lexically_normal();
  if (path.empty() || normal.is_absolute() || *normal.begin() == ".." || normal.string() != path)
    throw error(Code::corrupt, "the backup's list names \"{}\", which is no path inside it", path);
  return path;
}

std::vector<Item> readList(const fs::path& source) {
  auto text = file::readFile((source / listName).string());
  if (!text) throw error(Code::notFound, "{} is not a backup: it holds no {}", source.string(), listName);
  try {
    std::vector<Item> items;
    json::value list = parseJson(*text);
    for (const json::value& value : list.as_object().at("files").as_array()) {
      const json::object& one = value.as_object();
      items.push_back({safePath(one.at("path")), one.at("size").to_number<std::uint64_t>(),
                       std::string(one.at("sha256").as_string())});
    }
    return items;
  } catch (const boost::system::system_error&) {
    throw error(Code::corrupt, "{} is damaged: its members are not what they should be", (source / listName).string());
  }
}

}  // namespace

CopyReport backup(const Config& config, const std::string& target, const CopyProgress& progress) {
  demandEmbedded(config);
  fs::path data = config.text("data");
  if (!fs::exists(data / "regesta.db")) throw error(Code::notFound, "{} holds no regesta.db", data.string());
  if (fs::exists(target)) throw error(Code::exists, "{} exists already; a backup goes to a new folder", target);
  Unfinished made{fs::path(target)};
  CopyReport report;
  std::uint64_t total = fs::file_size(data / "regesta.db");
  std::vector<Item> items;
  auto copy = [&](const fs::path& from) {
    std::string name = fs::relative(from, data).generic_string();
    items.push_back(copyFile(from, made.folder() / name, name, [&](std::size_t bytes) {
      report.bytes += bytes;
      progress(report.bytes, std::max(total, report.bytes));
    }));
  };
  // The order keeps the copy consistent: tiles may lag behind the database but never run ahead of it, and every blob
  // that the database names was there before the name.
  std::vector<fs::path> before = filesBelow(data / "keys"), tiles = filesBelow(data / "ledger");
  before.insert(before.end(), tiles.begin(), tiles.end());
  for (const fs::path& file : filesBelow(data / "blobs")) total += fs::file_size(file);
  for (const fs::path& file : before) copy(file);
  std::string copied = (made.folder() / "regesta.db").string();
  db::openSqlite({.path = (data / "regesta.db").string(), .readers = 1, .readOnly = true})->backup(copied);
  report.entries = entriesIn(copied);
  for (const char* leftover : {"-wal", "-shm"}) fs::remove(copied + leftover);
  items.push_back(describe(copied, "regesta.db", [](std::string_view) {}));
  report.bytes += items.back().size;
  for (const fs::path& file : filesBelow(data / "blobs")) copy(file);
  file::replaceFiles({{(made.folder() / listName).string(), listOf(items, report.entries)}});
  made.finish();
  report.files = items.size();
  return report;
}

CopyReport restore(const std::string& source, const Config& config, const CopyProgress& progress) {
  demandEmbedded(config);
  fs::path data = config.text("data");
  if (!isEmptyOrAbsent(data))
    throw error(Code::exists, "{} is not empty; a backup is restored into a new data directory (--data DIR)",
                data.string());
  std::vector<Item> items = readList(source);
  std::uint64_t total = 0;
  for (const Item& item : items) total += item.size;
  Unfinished made(data.lexically_normal());
  CopyReport report;
  for (const Item& item : items) {
    if (!fs::exists(fs::path(source) / item.path)) throw error(Code::corrupt, "the backup lacks {}", item.path);
    Item got = copyFile(fs::path(source) / item.path, made.folder() / item.path, item.path, [&](std::size_t bytes) {
      report.bytes += bytes;
      progress(report.bytes, total);
    });
    if (got.size != item.size || got.sha256 != item.sha256)
      throw error(Code::corrupt, "{} in the backup is not what was backed up ({} bytes, SHA-256 {}…)", item.path,
                  got.size, got.sha256.substr(0, 12));
  }
  report.entries = entriesIn((made.folder() / "regesta.db").string());
  for (const char* leftover : {"-wal", "-shm"}) fs::remove((made.folder() / "regesta.db").string() + leftover);
  report.files = items.size();
  made.finish();
  return report;
}

}  // namespace regesta::server
