#pragma once
#include <filesystem>

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"
#include "base/id.h"
#include "blob/pack_store.h"
#include "crypto/hash.h"
#include "db/migrate.h"
#include "support/thrown.h"

namespace regesta::blob {

/// A folder and a database of their own, gone at the end.
class Scratch {
 public:
  Scratch() : folder_(std::filesystem::temp_directory_path() / ("regesta-blob-" + randomHex(6))) {
    std::filesystem::create_directories(folder_);
    database_ = db::openSqlite({.path = (folder_ / "index.db").string()});
    db::migrate(*database_);
  }
  ~Scratch() {
    file::failAt(0, 0);
    database_.reset();
    std::filesystem::remove_all(folder_);
  }
  std::string name() const { return folder_.filename().string(); }
  std::filesystem::path blobs() const { return folder_ / "blobs"; }
  db::Database& database() { return *database_; }
  std::size_t spools() const {
    return static_cast<std::size_t>(
        std::distance(std::filesystem::directory_iterator(blobs() / "tmp"), std::filesystem::directory_iterator()));
  }
  std::vector<std::filesystem::path> packs() const {
    std::vector<std::filesystem::path> found;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(blobs() / "packs"))
      if (entry.is_regular_file()) found.push_back(entry.path());
    return found;
  }

 private:
  std::filesystem::path folder_;
  std::unique_ptr<db::Database> database_;
};

/// Bytes that neither repeat nor compress.
inline std::string noise(std::size_t size, std::uint64_t seed) {
  std::string bytes(size, '\0');
  for (char& byte : bytes) {
    seed += 0x9E3779B97F4A7C15;
    std::uint64_t mixed = (seed ^ seed >> 30) * 0xBF58476D1CE4E5B9;
    byte = static_cast<char>((mixed ^ mixed >> 27) * 0x94D049BB133111EB >> 56);
  }
  return bytes;
}

inline Stored putPieces(BlobStore& store, std::string_view bytes, std::size_t piece) {
  auto writer = store.create();
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) writer->write(bytes.substr(0, piece));
  return writer->commit();
}

}  // namespace regesta::blob
