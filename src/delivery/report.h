#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "registry/change.h"

namespace regesta::delivery {

/// One observation about one version of a prompt that somebody used: a score, a rate's 0 or 1, a latency.
struct Report {
  std::string prompt;
  std::int64_t version = 0;  ///< number
  std::string metric;        ///< "helpfulness", "latency_ms", "error"
  double value = 0;          ///< as measured; finite
  std::string unit;          ///< whom it is about (user, session); may be empty
  std::string key;           ///< idempotency key, unique a prompt and metric; empty: every report counts
  std::int64_t at = 0;       ///< milliseconds; 0: now
  std::string source;        ///< "native", "langfuse", "mlflow", "otlp"
  std::string asked = {};    ///< what the version was called, where its number is not known; for the refusal
};
struct ReportOutcome {
  enum class Kind { stored, duplicate, refused } kind = Kind::stored;
  std::string error;  ///< refused: field and rule
};

/// Stores reports durably, keeps the sums that quality.h reads, and lets the guards of active rollouts see them, all in
/// one transaction: a guard that acts has acted when this returns. One outcome a report, in order; a refused one
/// (unknown prompt or version, a value that is not finite, a time to come) does not keep the others from being stored.
/// Of several with one idempotency key the first counts, whenever the others come. At most limits::reportBatch.
std::vector<ReportOutcome> report(registry::Store& store, std::string_view workspace,
                                  const std::vector<Report>& reports);

}  // namespace regesta::delivery
