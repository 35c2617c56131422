#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "quality/report.h"

namespace regesta::quality {

/// Joins the prompt versions that traces used (from a span's attributes or a tag) with values about traces (scores,
/// assessments), in any order of arrival: matching pairs become reports on the version. Only the newest are stored
/// (limits::traceLinks, limits::tracedValues).
///
/// Trace ids are OTLP's 32 hexadecimal digits, or MLflow's with the prefix "tr-"; both name the same trace. A span id
/// has 16 digits; empty: the whole trace.

/// A trace, or one span of it, used a version of a prompt.
struct PromptUse {
  std::string trace, span, prompt;
  std::string version;  ///< number or SemVer
};
struct TraceLink {
  std::string span, prompt;
  std::int64_t version = 0;
};

/// Stores the uses and reports the values that match them, as their senders. Ignores uses of unknown prompts or
/// versions, because traces can name prompts of other registries, and of prompts that the caller may not report on
/// (quality/report.h): the senders of use and value both need that permission. Returns the number of new links.
/// Idempotent.
std::size_t linkTraces(registry::Store& store, const access::Identity& caller, std::string_view workspace,
                       const std::vector<PromptUse>& uses);

/// The versions that a value on this span counts for: links of the span and of its trace. Without `span`, all of the
/// trace, each version once. Empty: none known yet.
std::vector<TraceLink> linksOf(db::Transaction& transaction, std::string_view workspace, std::string_view trace,
                               std::string_view span = {});

/// Something measured about a trace or one of its spans.
struct TracedValue {
  std::string trace, span, metric;
  double value = 0;        ///< finite
  std::string unit;        ///< user or session; may be empty
  std::string key;         ///< permanent id of the value (of a score or an assessment): it counts once
  std::int64_t at = 0;     ///< milliseconds; 0: now
  std::string source;      ///< "langfuse", "mlflow", "otlp"
  std::string actor = {};  ///< the sender; set by reportTraced
};
struct TracedOutcome {
  enum class Kind { reported, waiting, duplicate, refused } kind = Kind::waiting;
  std::string error;  ///< refused: field and rule
};

/// One outcome per value, in order: reported on at least one version, waiting for the trace to name one, known already,
/// or refused. Durable when it returns, and guards have acted.
std::vector<TracedOutcome> reportTraced(registry::Store& store, const access::Identity& caller,
                                        std::string_view workspace, const std::vector<TracedValue>& values);

}  // namespace regesta::quality
