#pragma once
#include <optional>
#include <string>

#include "db/database.h"
#include "ledger/checkpoint.h"
#include "ledger/store.h"

namespace regesta::ledger {

/// The copy of the log on disk in the layout of C2SP tlog-tiles, for other tools: checkpoint, tile/<L>/<N>,
/// tile/entries/<N>. Written from the database, tiles first, the checkpoint last. One thread at a time.
class Publisher {
 public:
  Publisher(db::Database& database, TileCache& cache, std::string folder)
      : database_(database), cache_(cache), folder_(std::move(folder)) {}

  bool active() const { return !folder_.empty(); }
  /// The present checkpoint file. Read it before the head: the database is never behind the published checkpoint.
  std::optional<std::string> checkpointFile() const;
  /// Throws Error{corrupt} if the published checkpoint is ahead of the database or contradicts it. A file that is not a
  /// checkpoint counts as damaged and is rewritten by repair().
  void refuseFork(const std::optional<std::string>& published, const Head& head, const VerifierKey& key);
  /// Writes every file that is missing, has the wrong length or (at the right edge) the wrong bytes.
  void repair(const Head& head);
  /// True if catchUp() has something to write.
  bool behind(const Head& head) const { return active() && head.size >= published_ && head.note != note_; }
  /// Writes what is new since the last call.
  void catchUp(const Head& head);

 private:
  void writeTiles(const std::vector<Tile>& tiles);
  std::string content(db::Transaction& transaction, const Tile& tile);
  std::string pathOf(const std::string& name) const { return folder_ + "/" + name; }
  /// Removes what a crash left; what is in the folders is durable then, as what is published builds upon it.
  void tidyFolders(const std::vector<Tile>& tiles) const;
  void refuseTilesAhead(const Head& head) const;

  db::Database& database_;
  TileCache& cache_;
  std::string folder_;
  std::int64_t published_ = 0;
  std::string note_;
};

}  // namespace regesta::ledger
