#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "tracking/run.h"

namespace regesta::tracking {

/// Metrics, params and tags are bulk: they are not recorded one by one. When a run ends, or when a version or evidence
/// cites it, one ledger entry "run.sealed" carries the digest of its content, so that a later alteration is found.
/// Writing to a run that has ended stays possible, as in MLflow; its revision then is ahead of the sealed one.

/// Digest of every metric point that a run logged, at one revision.
struct HistoryDigest {
  std::int64_t revision = 0;
  std::size_t points = 0;
  std::string digest;  ///< SHA-256 over the canonical points, hexadecimal
};
HistoryDigest historyDigest(db::Session& session, const Run& run);

/// What is digested: canonical JSON of info, params, tags, metric history digest, inputs and outputs. Lifecycle
/// (deleted or not) is no part of it.
std::string runContent(db::Session& session, const Run& run, const HistoryDigest& history);

/// Records the run's present content, unless the ledger has exactly that already. `reason`: "ended", "cited".
/// `ahead`: a history digest that was computed before; taken when no point was logged since. Returns the digest.
std::string sealRun(registry::Change& change, Run& run, std::string_view reason, const HistoryDigest* ahead = nullptr);

enum class SealState {
  unsealed,  ///< running, or never cited
  intact,    ///< the content is what the ledger says
  ahead,     ///< written to through the server after it was sealed
  altered,   ///< the content differs though nobody wrote through the server
};
struct SealCheck {
  SealState state = SealState::unsealed;
  std::string sealed, present;  ///< digests
};
/// Compares a run with its seal. The seal in the run's row is a copy: `ledger verify` compares it with the entry.
SealCheck checkSeal(db::Session& session, std::string_view runId);

}  // namespace regesta::tracking
