#include "ledger/publish.h"

#include <filesystem>
#include <map>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "ledger/kept.h"

namespace regesta::ledger {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t chunkFiles = 64;
constexpr std::size_t chunkBytes = 8 * 1024 * 1024;
constexpr std::size_t maximalCheckpoint = 1024 * 1024;

std::optional<std::uint64_t> fileLength(const std::string& path) {
  std::error_code failure;
  auto size = fs::file_size(path, failure);
  return failure ? std::nullopt : std::optional<std::uint64_t>(size);
}

std::map<std::int64_t, std::uint64_t> bundleLengths(db::Transaction& transaction) {
  std::map<std::int64_t, std::uint64_t> lengths;
  db::Rows rows = transaction.query("SELECT number, bundle FROM ledger_tile WHERE level = 0");
  while (rows.next()) lengths[rows.integer(0)] = static_cast<std::uint64_t>(rows.integer(1));
  return lengths;
}

}  // namespace

std::optional<std::string> Publisher::checkpointFile() const {
  return active() ? file::readFile(pathOf("checkpoint"), maximalCheckpoint) : std::nullopt;
}

void Publisher::refuseFork(const std::optional<std::string>& published, const Head& head, const VerifierKey& key) {
  if (!active()) return;
  refuseTilesAhead(head);
  if (!published) return;
  auto note = parseNote(*published);
  auto checkpoint = note ? parseCheckpoint(note->text) : std::unexpected(note.error());
  if (!checkpoint) {
    log(LogLevel::warn, "the published checkpoint is damaged and will be written again",
        {{"file", pathOf("checkpoint")}, {"why", checkpoint.error()}});
    return;
  }
  if (auto opened = openCheckpoint(*published, key); !opened) {
    throw error(Code::corrupt,
                "{} was not signed by this ledger's key {}: {}. The folder, the key and the database belong together; "
                "restore the "
                "ones that match",
                pathOf("checkpoint"), key.text(), opened.error());
  }
  database_.read([&](db::Transaction& transaction) {
    requireExtends(transaction, head.size, *checkpoint, "the published checkpoint " + pathOf("checkpoint"));
  });
}

void Publisher::refuseTilesAhead(const Head& head) const {
  std::int64_t number = head.size / tileWidth;
  int width = widthIn(0, number, head.size);
  bool ahead = fs::exists(pathOf(tilePath({0, number, tileWidth})));
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(pathOf(partialFolder({0, number, 1})), none)) {
    auto tile = parseTilePath(entry.path().string().substr(folder_.size() + 1));
    ahead = ahead || (tile && tile->width > width);
  }
  if (!ahead) return;
  throw error(Code::corrupt, "{} has tiles of entries that the database, with {} entries, does not have. {}", folder_,
              head.size, afterRestore);
}

std::string Publisher::content(db::Transaction& transaction, const Tile& tile) {
  if (tile.level == entryLevel) {
    std::int64_t begin = tile.number * tileWidth;
    return encodeBundle(leavesOf(readEntries(transaction, begin, begin + tile.width)));
  }
  std::string hashes = cache_.read(transaction, tile);
  hashes.resize(static_cast<std::size_t>(tile.width) * hashBytes);
  return hashes;
}

void Publisher::writeTiles(const std::vector<Tile>& tiles) {
  for (std::size_t at = 0; at < tiles.size();) {
    std::vector<file::FileContent> files;
    std::size_t first = at, bytes = 0;
    database_.read([&](db::Transaction& transaction) {
      for (; at < tiles.size() && files.size() < chunkFiles && bytes < chunkBytes; ++at) {
        files.push_back({pathOf(tilePath(tiles[at])), content(transaction, tiles[at])});
        bytes += files.back().bytes.size();
      }
    });
    file::replaceFiles(files);
    for (; first < at; ++first) {
      std::error_code ignored;
      if (tiles[first].full()) fs::remove_all(pathOf(partialFolder(tiles[first])), ignored);
    }
  }
}

void Publisher::tidyFolders(const std::vector<Tile>& tiles) const {
  std::set<std::string> folders{folder_};
  for (const Tile& tile : tiles) {
    std::string path = pathOf(tilePath(tile));
    folders.insert(path.substr(0, path.rfind('/')));
  }
  for (const auto& folder : folders) {
    std::error_code none;
    if (!fs::is_directory(folder, none)) continue;
    for (const auto& entry : fs::directory_iterator(folder, none)) {
      if (file::isTemporary(entry.path().filename().string())) fs::remove(entry.path(), none);
    }
    file::makeFolders(folder);
    file::syncFolder(folder);
  }
}

void Publisher::repair(const Head& head) {
  if (!active()) return;
  file::makeFolders(folder_);
  std::vector<Tile> tiles = tilesBetween(0, head.size), wrong;
  tidyFolders(tiles);
  database_.read([&](db::Transaction& transaction) {
    auto bundles = bundleLengths(transaction);
    for (const Tile& tile : tiles) {
      std::string path = pathOf(tilePath(tile));
      bool right = false;
      if (tile.full()) {
        right = fileLength(path) == (tile.level == entryLevel ? bundles[tile.number] : tileWidth * hashBytes);
      } else {
        right = fileLength(path) && file::readFile(path) == content(transaction, tile);
      }
      if (!right) wrong.push_back(tile);
    }
  });
  if (!wrong.empty()) {
    log(LogLevel::info, "writing ledger tiles that are missing or damaged",
        {{"folder", folder_}, {"tiles", wrong.size()}});
    writeTiles(wrong);
  }
  if (checkpointFile() != head.note) file::replaceFiles({{pathOf("checkpoint"), head.note}});
  published_ = head.size;
  note_ = head.note;
}

void Publisher::catchUp(const Head& head) {
  if (!behind(head)) return;
  writeTiles(tilesBetween(published_, head.size));
  file::replaceFiles({{pathOf("checkpoint"), head.note}});
  published_ = head.size;
  note_ = head.note;
}

}  // namespace regesta::ledger
