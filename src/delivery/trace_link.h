#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "delivery/report.h"

namespace regesta::delivery {

/// Clients say in one place which version of a prompt a trace used (a span's attributes, a tag), and in another what
/// came of it (a score, an assessment). Both are kept here, and where they meet they become reports on the version,
/// whichever came first. Only the newest are kept (limits::traceLinks, limits::tracedValues): a score that comes after
/// its trace was forgotten waits in vain.
///
/// Traces are named as OTLP names them, 32 hexadecimal digits, or as MLflow does, with "tr-" before; both are the same
/// trace. A span is 16 digits, empty for the trace as a whole.

/// A trace, or one span of it, used a version of a prompt.
struct PromptUse {
  std::string trace, span, prompt;
  std::string version;  ///< number or SemVer
};
struct TraceLink {
  std::string span, prompt;
  std::int64_t version = 0;
};

/// Keeps the uses and reports the values that match them. Uses of unknown prompts or versions are passed over: what a
/// trace names need not be registered here. Returns how many links are new. Idempotent.
std::size_t linkTraces(registry::Store& store, std::string_view workspace, const std::vector<PromptUse>& uses);

/// What a value on this span counts for: links of the span and of its whole trace. Without `span`, all of the trace,
/// each version once. Empty: nothing is known (yet).
std::vector<TraceLink> linksOf(db::Session& session, std::string_view workspace, std::string_view trace,
                               std::string_view span = {});

/// Something measured about a trace or one of its spans.
struct TracedValue {
  std::string trace, span, metric;
  double value = 0;     ///< finite
  std::string unit;     ///< user or session; may be empty
  std::string key;      ///< names the value for ever (a score's or an assessment's id): told twice, it counts once
  std::int64_t at = 0;  ///< milliseconds; 0: now
  std::string source;   ///< "langfuse", "mlflow", "otlp"
};
struct TracedOutcome {
  enum class Kind { reported, waiting, duplicate, refused } kind = Kind::waiting;
  std::string error;  ///< refused: field and rule
};

/// One outcome a value, in order: reported on at least one version, waiting for the trace to name one, known already,
/// or refused. Durable when it returns; guards have seen what was reported.
std::vector<TracedOutcome> reportTraced(registry::Store& store, std::string_view workspace,
                                        const std::vector<TracedValue>& values);

}  // namespace regesta::delivery
