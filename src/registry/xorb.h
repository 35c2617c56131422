#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "blob/store.h"
#include "db/database.h"

namespace regesta::registry {

/// A xorb that Xet clients of a workspace may build files of: a run of chunks of a stored blob. An entry is valid for
/// its workspace and actor, and keeps the blob for some time (xorbKeepsContent()).
struct Xorb {
  std::int64_t id = 0;
  std::string hash;  ///< of its chunks, as Xet writes it
  std::string actor;
  std::string digest;                   ///< of the blob
  std::uint64_t first = 0, chunks = 0;  ///< of the blob's chunks
  std::uint64_t bytes = 0;              ///< of these chunks
  bool uploaded = false;                ///< the actor sent the bytes; otherwise they only may read them
  std::uint64_t openBytes = 0;          ///< of what was uploaded, bytes that no file uses yet
};

/// Those with this hash, of every actor. Throws Error{corrupt} for a row that this server did not write.
std::vector<Xorb> findXorbs(db::Transaction& transaction, std::string_view workspace, std::string_view hash);
/// Notes the xorb, or that its entry was used again. False when the actor had it already. Takes storage of the
/// workspace for what was uploaded and is new: throws Error{tooLarge}.
bool putXorb(db::Transaction& transaction, std::string_view workspace, const Xorb& xorb);
/// Notes that a file was made of `usedBytes` of the xorb.
void useXorb(db::Transaction& transaction, std::string_view workspace, const Xorb& xorb, std::uint64_t usedBytes);

/// Whether an entry keeps the content: uploads that no file was made of as long as other uploads (since
/// `uploadsSince`), others as long as clients remember them.
bool xorbKeepsContent(db::Transaction& transaction, std::string_view digest, std::int64_t uploadsSince,
                      std::int64_t now);
/// Removes the entries that keep nothing.
void removeOldXorbs(db::Transaction& transaction, std::int64_t uploadsSince, std::int64_t now);

}  // namespace regesta::registry
