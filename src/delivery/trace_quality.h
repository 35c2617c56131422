#pragma once
#include <string_view>
#include <vector>

#include "registry/change.h"
#include "tracking/trace.h"

namespace regesta::delivery {

/// Traces as a source of quality per prompt version: who used which version is linked (delivery/trace_link.h), and what
/// the trace measured is reported on it. All are idempotent by the ids of traces, spans and assessments; what fits no
/// registered prompt is passed over.
///
/// Metrics: latency_ms; error (0 or 1); input_tokens, output_tokens, total_tokens and cost where they are given; and
/// each feedback with a number, a boolean or yes/no, by its name. The unit is the user, else the session.

/// For spans that name a prompt and version themselves: attributes langfuse.observation.prompt.name and .version, or
/// regesta.prompt.name and .version (number or SemVer). Each such span is one use. mlflow.linkedPrompts on a span links
/// its whole trace. `source` says whose front took them: "langfuse", "mlflow", "otlp".
void observeSpans(registry::Store& store, std::string_view workspace, const std::vector<tracking::Span>& spans,
                  std::string_view source);

/// For traces that MLflow's client linked to prompts (tag mlflow.linkedPrompts, or Trace::prompts): once the trace has
/// ended, its own latency, state, tokens and cost.
void observeTraces(registry::Store& store, std::string_view workspace, const std::vector<tracking::Trace>& traces);

/// The feedback of a trace. A value counts once: what an assessment says after a change is not reported again.
void observeFeedback(registry::Store& store, const tracking::Trace& trace);

}  // namespace regesta::delivery
