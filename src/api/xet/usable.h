#pragma once
#include "api/xet/call.h"
#include "blob/chunk_runs.h"
#include "registry/xorb.h"

namespace regesta::api::xet {

/// A xorb that the caller may build files of.
struct UsableXorb {
  registry::Xorb entry;
  blob::ObjectChunks chunks;  ///< of the blob that the entry names
};

/// Who may build a file of a xorb may read the xorb's bytes through that file. So the caller must have sent them, to
/// this workspace or to another one, or the xorb must be of content of the workspace that they may read. Throws
/// Error{notFound} without saying which of these fails.
UsableXorb usableXorb(const Call& call, const std::string& hash);

}  // namespace regesta::api::xet
