#pragma once
#include <string_view>
#include <vector>

#include "access/access.h"
#include "quality/trace_link.h"
#include "registry/change.h"
#include "telemetry/trace.h"

namespace regesta::quality {

/// Quality of prompt versions from traces: links used versions (quality/trace_link.h) and reports the trace's
/// measurements. Idempotent by the ids of traces, spans and assessments. Ignores unregistered prompts and prompts that
/// `caller` may not report on (quality/report.h).
///
/// Metrics: latency_ms; error (0 or 1); input_tokens, output_tokens, total_tokens and cost, if present; and
/// each feedback with a number, a boolean or yes/no, by its name. The unit is the user, otherwise the session.

/// For spans that name a prompt and version themselves: attributes langfuse.observation.prompt.name and .version, or
/// regesta.prompt.name and .version (number or SemVer). Each such span is one use. mlflow.linkedPrompts on a span links
/// its whole trace. `source` is the receiving front: "langfuse", "mlflow", "otlp".
void observeSpans(registry::Store& store, const access::Identity& caller, std::string_view workspace,
                  const std::vector<telemetry::Span>& spans, std::string_view source);

/// The prompts that this call links to a trace: its tag mlflow.linkedPrompts, and Trace::prompts. Pass only what the
/// caller sent, not the stored trace's, because the link is made with the caller's permission.
std::vector<PromptUse> usesOf(const telemetry::Trace& told);
/// For traces that MLflow's client linked to prompts, now (`told`: the new links) or earlier: once the trace has ended,
/// its latency, state, tokens and cost.
void observeTraces(registry::Store& store, const access::Identity& caller, std::string_view workspace,
                   const std::vector<telemetry::Trace>& traces, const std::vector<PromptUse>& told = {});

/// The feedback of a trace. A value counts once: a changed assessment is not reported again.
void observeFeedback(registry::Store& store, const access::Identity& caller, const telemetry::Trace& trace);

}  // namespace regesta::quality
