#include "server/backup.h"

#include <filesystem>

#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"
#include "base/id.h"
#include "base/json.h"
#include "base/time.h"
#include "blob/medium.h"
#include "crypto/sealed_stream.h"
#include "db/database.h"
#include "server/backup_file.h"
#include "server/data_directory.h"
#include "server/version.h"

namespace regesta::server {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view listName = "backup.json";
constexpr std::string_view recipeName = "backup.key.json";  // how the key follows from the passphrase, when encrypted
constexpr std::string_view recipeFormat = "regesta-backup-encrypted-1";

using Item = BackupItem;

void requireEmbeddedDatabase(const Config& config) {
  if (!config.text("db").empty())
    throw Error(Code::unsupported,
                "the state is in PostgreSQL: back it up with pg_dump, and the data directory's keys/ and blobs with "
                "your own tools");
}

std::vector<fs::path> filesBelow(const fs::path& folder) {
  std::vector<fs::path> files;
  if (!fs::exists(folder)) return files;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file() && !file::isTemporary(entry.path().filename().string())) files.push_back(entry.path());
  std::ranges::sort(files);
  return files;
}

/// Without the spool files of uploads that are under way.
std::vector<fs::path> storedFiles(const fs::path& data, const Config& config) {
  if (!config.text("blobs").empty()) return {};  // they are in a bucket
  std::vector<fs::path> files = filesBelow(data / "blobs");
  std::erase_if(files, [&](const fs::path& file) {
    return file.parent_path() == data / "blobs" / "tmp" || file == data / "blobs" / "hold";
  });
  return files;
}

std::int64_t entriesIn(const std::string& database) {
  auto opened = db::openSqlite({.path = database, .readers = 1, .readOnly = true, .immutable = true});
  return opened->reading([](db::Transaction& transaction) {
    db::Rows rows = transaction.query("SELECT count(*) FROM ledger_entry");
    rows.next();
    return rows.integer(0);
  });
}

void syncAll(const fs::path& folder) {
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_directory()) file::syncFolder(entry.path().string());
  file::syncFolder(folder.string());
}

/// Everything below is its owner's alone: a backup holds passwords' hashes and the ledger's key.
void makePrivate(const fs::path& folder) {
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder))
    fs::permissions(entry.path(),
                    entry.is_directory() ? fs::perms::owner_all : fs::perms::owner_read | fs::perms::owner_write);
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
    file::settle(target_.string());
  }

 private:
  fs::path target_, folder_;
  bool done_ = false;
};

bool isEmptyOrAbsent(const fs::path& folder) {
  return !fs::exists(folder) || (fs::is_directory(folder) && fs::is_empty(folder));
}

std::string listOf(const std::vector<Item>& items, std::int64_t entries, const std::string& bucket) {
  json::array files;
  for (const Item& item : items)
    files.push_back(json::object{{"path", item.path}, {"size", item.size}, {"sha256", item.sha256}});
  json::object list = {{"regesta", version},
                       {"created_at", formatTime(nowMillis())},
                       {"ledger_entries", entries},
                       {"files", std::move(files)}};
  if (!bucket.empty()) list["blobs"] = bucket;
  return json::serialize(list) + "\n";
}

/// A path of the list, kept below the folder it is meant for.
std::string safePath(const json::value& value) {
  std::string path(value.as_string());
  fs::path normal = fs::path(path).lexically_normal();
  if (path.empty() || normal.is_absolute() || *normal.begin() == ".." || normal.string() != path)
    throw error(Code::corrupt, "the backup's manifest names \"{}\", which is not a path inside the backup", path);
  return path;
}

std::vector<Item> readList(const fs::path& source, const std::string& key, std::string& bucket) {
  std::string file = (source / listName).string();
  if (!fs::exists(file)) throw error(Code::notFound, "{} is not a backup: it has no {}", source.string(), listName);
  std::string text = readOutOfBackup(file, std::string(listName), key);
  try {
    std::vector<Item> items;
    json::value list = parseJson(text);
    if (const json::value* named = list.as_object().if_contains("blobs")) bucket = std::string(named->as_string());
    for (const json::value& value : list.as_object().at("files").as_array()) {
      const json::object& one = value.as_object();
      items.push_back({safePath(one.at("path")), one.at("size").to_number<std::uint64_t>(),
                       std::string(one.at("sha256").as_string())});
    }
    return items;
  } catch (const boost::system::system_error&) {
    throw error(Code::corrupt, "{} is damaged: its members are not what they should be", file);
  }
}

/// Writes how the key follows from the passphrase; returns the key. Empty without a passphrase.
std::string newKey(const fs::path& folder, const std::string& passphrase) {
  if (passphrase.empty()) return {};
  crypto::KeyRecipe recipe = crypto::newKeyRecipe();
  json::object text{{"format", recipeFormat},
                    {"kdf", "argon2id"},
                    {"salt", base64Encode(recipe.salt)},
                    {"passes", recipe.passes},
                    {"memory_bytes", recipe.memoryBytes}};
  file::replaceFiles({{(folder / recipeName).string(), json::serialize(text) + "\n"}});
  return crypto::keyFrom(passphrase, recipe);
}

std::string keyOf(const fs::path& source, const std::string& passphrase) {
  auto text = file::readFile((source / recipeName).string());
  if (!text) return {};
  if (passphrase.empty())
    throw error(Code::invalid, "{} is encrypted: give its passphrase with --passphrase-file", source.string());
  try {
    const json::value recipe = parseJson(*text);
    if (recipe.at("format").as_string() != recipeFormat)
      throw error(Code::unsupported, "{} was encrypted by a newer version", source.string());
    return crypto::keyFrom(passphrase, {base64Decode(recipe.at("salt").as_string()).value_or(""),
                                        recipe.at("passes").to_number<unsigned long long>(),
                                        recipe.at("memory_bytes").to_number<std::size_t>()});
  } catch (const boost::system::system_error&) {
    throw error(Code::corrupt, "{} is damaged: its members are not what they should be",
                (source / recipeName).string());
  }
}

/// A file that holds the state in the clear for a moment; gone at the end, whatever happens.
struct Passing {
  std::string path;
  ~Passing() {
    for (const char* ending : {"", "-wal", "-shm"}) {
      std::error_code ignored;
      fs::remove(path + ending, ignored);
    }
  }
};

}  // namespace

CopyReport backup(const Config& config, const std::string& target, const std::string& passphrase,
                  const CopyProgress& progress) {
  requireEmbeddedDatabase(config);
  fs::path data = config.text("data");
  if (!fs::exists(data / "regesta.db")) throw error(Code::notFound, "{} has no regesta.db", data.string());
  if (fs::exists(target)) throw error(Code::exists, "{} already exists; choose a new folder", target);
  Unfinished made{fs::path(target)};
  std::string key = newKey(made.folder(), passphrase);
  CopyReport report;
  std::uint64_t total = fs::file_size(data / "regesta.db");
  std::vector<Item> items;
  auto copy = [&](const fs::path& from) {
    std::string name = fs::relative(from, data).generic_string();
    items.push_back(copyIntoBackup(from.string(), (made.folder() / name).string(), name, key, [&](std::size_t bytes) {
      report.bytes += bytes;
      progress(report.bytes, std::max(total, report.bytes));
    }));
  };
  std::shared_ptr<void> kept = fs::exists(data / "blobs") ? blob::keepPacks((data / "blobs").string()) : nullptr;
  // The order keeps the copy consistent: tiles may lag behind the database but never run ahead of it, and every blob
  // that the database names was there before the name.
  for (const fs::path& file : storedFiles(data, config)) total += fs::file_size(file);
  for (const fs::path& file : filesBelow(data / "keys")) copy(file);
  // The server publishes tiles before the checkpoint that needs them, so they are copied the other way round.
  fs::path checkpoint = data / "ledger" / "checkpoint";
  if (fs::exists(checkpoint)) copy(checkpoint);
  for (const fs::path& file : filesBelow(data / "ledger"))
    if (file != checkpoint) copy(file);
  // In the clear only where the state is in the clear already.
  Passing copied{((key.empty() ? made.folder() : data) / fmt::format(".backup-{}.db", randomHex(8))).string()};
  db::openSqlite({.path = (data / "regesta.db").string(), .readers = 1, .readOnly = true})->backup(copied.path);
  report.entries = entriesIn(copied.path);
  items.push_back(copyIntoBackup(copied.path, (made.folder() / "regesta.db").string(), "regesta.db", key,
                                 [&](std::size_t bytes) { report.bytes += bytes; }));
  for (const fs::path& file : storedFiles(data, config)) copy(file);
  Passing list{(made.folder() / ".backup-list").string()};
  file::replaceFiles({{list.path, listOf(items, report.entries, config.text("blobs"))}});
  copyIntoBackup(list.path, (made.folder() / listName).string(), std::string(listName), key, [](std::size_t) {});
  fs::remove(list.path);
  fs::remove(copied.path);
  makePrivate(made.folder());
  made.finish();
  report.files = items.size();
  report.bucket = config.text("blobs");
  return report;
}

CopyReport restore(const std::string& source, const Config& config, const std::string& passphrase,
                   const CopyProgress& progress) {
  requireEmbeddedDatabase(config);
  fs::path data = config.text("data");
  if (!isEmptyOrAbsent(data))
    throw error(Code::exists, "{} is not empty; a backup is restored into a new data directory (--data DIR)",
                data.string());
  std::string key = keyOf(source, passphrase);
  CopyReport report;
  std::vector<Item> items = readList(source, key, report.bucket);
  std::uint64_t total = 0;
  for (const Item& item : items) total += item.size;
  Unfinished made(data.lexically_normal());
  for (const Item& item : items) {
    if (!fs::exists(fs::path(source) / item.path)) throw error(Code::corrupt, "the backup lacks {}", item.path);
    Item got = copyOutOfBackup((fs::path(source) / item.path).string(), (made.folder() / item.path).string(), item.path,
                               key, [&](std::size_t bytes) {
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
