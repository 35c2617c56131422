#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace regesta::tracking {

enum class SpanStatus { unset = 0, ok = 1, error = 2 };

struct SpanEvent {
  std::string name;
  std::int64_t timeNs = 0;
  json::object attributes;
};
struct SpanLink {
  std::string traceId, spanId;  ///< hexadecimal
  json::object attributes;
};

/// One step of a trace as OpenTelemetry has it. Attributes are plain JSON: bytes became base64 text.
struct Span {
  std::string traceId;   ///< 32 hexadecimal digits, without MLflow's "tr-"
  std::string spanId;    ///< 16
  std::string parentId;  ///< empty: the root of its trace
  std::string name;
  int kind = 0;  ///< OTLP's SpanKind
  SpanStatus status = SpanStatus::unset;
  std::string statusMessage;
  std::int64_t startNs = 0, endNs = 0;  ///< since 1970; endNs 0: still running
  json::object attributes;
  std::vector<SpanEvent> events;
  std::vector<SpanLink> links;
  std::shared_ptr<const json::object> resource;  ///< of the sender, shared by its spans; not stored with the span

  bool isRoot() const { return parentId.empty(); }
  /// An attribute as text: a string as it is, anything else as JSON; empty when absent. MLflow's own attributes and
  /// those that MLflow's client sends as JSON in a string look alike.
  std::string text(std::string_view attribute) const;
  /// MLflow's type: CHAT_MODEL, TOOL, …; from its own attribute or from the conventions of others; "UNKNOWN" else.
  std::string type() const;
};

/// How a span's row keeps what is not in columns of its own: kind, message, attributes, events and links as JSON.
std::string packSpan(const Span& span);
/// Fills those members of `span`. Throws Error{corrupt} for what packSpan has not written.
void unpackSpan(std::string_view packed, Span& span);

struct TokenUsage {
  std::int64_t input = 0, output = 0, total = 0;
};
/// Tokens that a span says it used, by MLflow's, OpenTelemetry's, Langfuse's or OpenInference's attributes.
std::optional<TokenUsage> usageOf(const Span& span);
/// What it cost in US dollars, by MLflow's or Langfuse's attributes.
std::optional<double> costOf(const Span& span);

/// Sums over a trace. A span whose ancestor has a figure of its own is left out: parents often carry the sum of their
/// children (MLflow's rule).
std::optional<TokenUsage> usageOf(const std::vector<Span>& spans);
std::optional<double> costOf(const std::vector<Span>& spans);

}  // namespace regesta::tracking
