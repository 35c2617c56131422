#pragma once
#include <optional>
#include <string>

#include "db/database.h"
#include "ledger/checkpoint.h"
#include "ledger/store.h"

namespace regesta::ledger {

/// The copy of the log on disk, laid out as C2SP tlog-tiles says, for other people's tools: checkpoint, tile/<L>/<N>,
/// tile/entries/<N>. Everything is written from the database, tiles first, the checkpoint last. One thread at a time.
class Publisher {
 public:
  Publisher(db::Database& database, TileCache& cache, std::string folder)
      : database_(database), cache_(cache), folder_(std::move(folder)) {}

  bool active() const { return !folder_.empty(); }
  /// The checkpoint file as it is now. Read it before the head: the database is never behind what it has published.
  std::optional<std::string> checkpointFile() const;
  /// Error{corrupt} when the published checkpoint goes beyond the database or contradicts it. A file that is no
  /// checkpoint at all counts as damaged and is written again by repair().
  void refuseFork(const std::optional<std::string>& published, const Head& head, const VerifierKey& key);
  /// Writes every file that is missing, has the wrong length or (at the right edge) the wrong bytes.
  void repair(const Head& head);
  /// True when catchUp() would have something to write.
  bool behind(const Head& head) const { return active() && head.size >= published_ && head.note != note_; }
  /// Writes what has come since the last time.
  void catchUp(const Head& head);

 private:
  void writeTiles(const std::vector<Tile>& tiles);
  std::string content(db::Session& session, const Tile& tile);
  std::string pathOf(const std::string& name) const { return folder_ + "/" + name; }
  void removeTemporaries(const std::vector<Tile>& tiles) const;
  void refuseTilesAhead(const Head& head) const;

  db::Database& database_;
  TileCache& cache_;
  std::string folder_;
  std::int64_t published_ = 0;
  std::string note_;
};

}  // namespace regesta::ledger
