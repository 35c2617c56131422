#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "access/access.h"
#include "registry/change.h"

namespace regesta::quality {

/// One observation about a used version of a prompt: a score, a rate's 0 or 1, a latency.
struct Report {
  std::string prompt;
  std::int64_t version = 0;  ///< number
  std::string metric;        ///< "helpfulness", "latency_ms", "error"
  double value = 0;          ///< as measured; finite
  std::string unit;          ///< user or session that it is about; may be empty
  std::string key;           ///< idempotency key, unique per prompt and metric; empty: every report counts
  std::int64_t at = 0;       ///< milliseconds; 0: now
  std::string source;        ///< "native", "langfuse", "mlflow", "otlp"
  std::string asked = {};    ///< the version as given, if its number is unknown; for the refusal
  const access::Identity* reporter = nullptr;  ///< the observer, if not the caller; outlives the call
};
struct ReportOutcome {
  enum class Kind { stored, duplicate, refused } kind = Kind::stored;
  std::string error;  ///< refused: field and rule
};

/// Stores reports durably, updates the sums that quality.h reads, and runs the guards of active rollouts, in one
/// transaction: guards have acted when this returns. One outcome per report, in order; a refused one (unknown prompt or
/// version, a value that is not finite, a future time) does not affect the others. Of several with one idempotency key,
/// only the first counts. At most limits::reportBatch.
///
/// A report counts only for a prompt that its reporter may write, on every route (a score, a span, a trace's tag),
/// because guards act on it. Other reports are refused, as for an unknown prompt if the reporter may not read it.
std::vector<ReportOutcome> report(registry::Store& store, const access::Identity& caller, std::string_view workspace,
                                  const std::vector<Report>& reports);

/// Why this identity may not report on the prompt; empty: it may.
std::string reportFault(const access::Identity& reporter, std::string_view workspace, std::string_view prompt);

}  // namespace regesta::quality
