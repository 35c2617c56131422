#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace regesta::telemetry {

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

/// An OpenTelemetry span. Attributes are plain JSON: bytes are base64 text.
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
  /// An attribute as text: a string unchanged, anything else as JSON; empty if absent. Treats MLflow's attributes and
  /// those that its client sends as JSON in a string alike.
  std::string text(std::string_view attribute) const;
  /// MLflow's attribute for the type; empty if absent.
  std::string ownType() const;
  /// MLflow's type: CHAT_MODEL, TOOL, …; from its attribute or from other conventions; otherwise "UNKNOWN".
  std::string type() const;
};

/// The members of a span without a column: kind, message, attributes, events and links as JSON.
std::string packSpan(const Span& span);
/// Sets those members of `span`. Throws Error{corrupt} for text that packSpan did not write.
void unpackSpan(std::string_view packed, Span& span);

struct TokenUsage {
  std::int64_t input = 0, output = 0, total = 0;
};
/// A span's token usage, from MLflow's, OpenTelemetry's, Langfuse's or OpenInference's attributes.
std::optional<TokenUsage> usageOf(const Span& span);
/// In US dollars.
struct Cost {
  std::optional<double> input, output;
  double total = 0;
};
/// A span's cost in US dollars, from MLflow's or Langfuse's attributes.
std::optional<double> costOf(const Span& span);

/// Sums over a trace. Skips a span if an ancestor has a value, because parents often have the sum of their children
/// (MLflow's rule).
std::optional<TokenUsage> usageOf(const std::vector<Span>& spans);
std::optional<Cost> costOf(const std::vector<Span>& spans);

}  // namespace regesta::telemetry
