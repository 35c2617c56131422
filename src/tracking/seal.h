#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "registry/version.h"
#include "tracking/run.h"

namespace regesta::tracking {

/// Metrics, params and tags are bulk data without an entry each. When a run ends, or a version or evidence cites it,
/// one ledger entry "run.sealed" has the digest of its content, which reveals later alterations. Writing to a sealed
/// run stays possible, as in MLflow, but each such write is recorded: "run.changed-after-seal" with the digests before
/// and after.

/// Digest of every metric point that a run logged, at one revision.
struct HistoryDigest {
  std::int64_t revision = 0;
  std::size_t points = 0;
  std::string digest;  ///< SHA-256 over the canonical points, hexadecimal
};
HistoryDigest historyDigest(db::Transaction& transaction, const Run& run);

/// The digested content: canonical JSON of info, params, tags, metric history digest, inputs and outputs, and of what
/// other clients show of the run (client_content.h), without the lifecycle stage.
std::string runContent(db::Transaction& transaction, const Run& run, const HistoryDigest& history);

/// Records the run's present content, unless the ledger has it already. `reason`: "ended", "cited". `ahead`: a history
/// digest computed earlier, used if no point was logged since. Returns the digest.
std::string sealRun(registry::Change& change, Run& run, std::string_view reason, const HistoryDigest* ahead = nullptr);

/// Call after a write to a run, in the same change. Records the write if the run is sealed. For a very long metric
/// history, the entry has the digest of the latest values instead, and while the run is still running only the first
/// write after the seal is recorded; the seal at its end has both digests.
void recordWrite(registry::Change& change, std::string_view workspace, std::string_view runId);

/// The run that a version cites.
struct CitedRun {
  std::string digest;    ///< at registration of the version
  bool changed = false;  ///< the run's content, or a file of it, has changed since
};
std::optional<CitedRun> citedRun(db::Transaction& transaction, const registry::Version& version);

/// Whether params, tags, metrics or files of the logged model that a version cites have changed since its registration.
/// Empty if the version cites none.
std::optional<bool> citedModelChanged(db::Transaction& transaction, const registry::Version& version);

enum class SealState {
  unsealed,  ///< running, or never cited
  intact,    ///< the content matches the ledger
  ahead,     ///< changed through the server after the seal
  altered,   ///< the content or its revision differs without a write through the server
};
struct SealCheck {
  SealState state = SealState::unsealed;
  std::string sealed, present;  ///< digests
  std::string content;          ///< runContent(), whose digest `present` is
};
/// Compares a run with its seal. The seal in the run's row is a copy; `ledger verify` compares it with the entry.
SealCheck checkSeal(db::Transaction& transaction, std::string_view runId);

}  // namespace regesta::tracking
