#pragma once
#include "base/memory_share.h"
#include "telemetry/span.h"

namespace regesta::telemetry {

/// Attributes that are JSON in a string, of an object, a list or a text, become what it says: MLflow's exporters send
/// all of theirs so, and MLflow's server takes everybody's so. What they take in memory is added to `share`, and the
/// Error of MemoryShare::add() comes out.
void unwrapJson(Span& span, MemoryShare& share);

/// Adds MLflow's attributes for type, inputs, outputs, token usage, tools, model and provider where a span has none but
/// says the same in another convention: OpenInference, OpenTelemetry's GenAI, OpenLLMetry (Traceloop), Google's ADK,
/// Vercel's AI SDK, Laminar, Langfuse. The first that has a value counts, in MLflow's order
/// (mlflow.tracing.otel.translation of MLflow 3.17).
void translateConventions(Span& span);

}  // namespace regesta::telemetry
