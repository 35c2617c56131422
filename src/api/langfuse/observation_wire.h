#pragma once
#include <string>
#include <string_view>

#include "base/json.h"
#include "telemetry/trace.h"

namespace regesta::api::langfuse {

/// A span as a Langfuse observation: from the attributes of its SDKs and the conventions that MLflow's front supports.
class Observation {
 public:
  Observation(const telemetry::Span& span, const telemetry::Trace& trace) : span_(span), trace_(trace) {}

  std::string type() const;   ///< GENERATION, SPAN, TOOL, …
  std::string level() const;  ///< DEBUG, DEFAULT, WARNING or ERROR
  std::string environment() const;
  std::string version() const { return own("langfuse.version"); }
  std::string user() const { return own("user.id", "langfuse.user.id"); }
  std::string session() const { return own("session.id", "langfuse.session.id"); }
  bool isRoot() const;
  const telemetry::Span& span() const { return span_; }

  /// `fields`: the groups of Langfuse's second version ("basic,io,usage"); the core is always included.
  json::object shown(std::string_view fields, std::string_view project) const;

 private:
  std::string own(std::string_view attribute, std::string_view other = {}) const;
  json::object metadata() const;
  void addBasic(json::object& out) const;
  void addModel(json::object& out) const;
  void addUsage(json::object& out) const;
  void addPrompt(json::object& out) const;
  void addMetrics(json::object& out) const;
  void addContext(json::object& out) const;

  const telemetry::Span& span_;
  const telemetry::Trace& trace_;
};

}  // namespace regesta::api::langfuse
