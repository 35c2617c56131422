#pragma once
#include <functional>
#include <string>
#include <vector>

#include "base/repeater.h"
#include "base/sync.h"
#include "http/access_log.h"
#include "http/message.h"

namespace regesta::server {

/// Sends a span of each request that the server answered to an OpenTelemetry receiver: OTLP over HTTP, in JSON
/// (OTLP 1.x), with the attributes of OpenTelemetry's semantic conventions for HTTP servers (1.23). A request with the
/// header `traceparent` continues its caller's trace and follows its decision to sample (W3C Trace Context); the others
/// start a trace, a share of which is sampled.
/// Spans wait in memory. They are dropped, and counted, if the receiver is away for too long.
class RequestTracing {
 public:
  struct Options {
    /// Sends the body of one export. Throws Error if there was no answer. Called on one thread.
    std::function<http::Response(const std::string& body)> post;
    std::string serviceName;
    std::string instance;      ///< service.instance.id
    double sampleRatio = 1.0;  ///< of the requests that start a trace, 0 to 1
  };
  explicit RequestTracing(Options options);
  void start() { exporter_.start(); }
  /// Sends what waits, once.
  void stop();
  /// Takes the span of an answered request. Thread-safe; throws nothing.
  void record(const http::AccessEntry& entry, const http::Request& request) noexcept;

 private:
  Repeater::Pause exportWaiting();
  /// Whether the batch is done with: taken by the receiver, or refused for good.
  bool send(const std::vector<std::string>& batch);
  bool samples(std::string_view traceId) const;

  Options options_;
  Sync<std::vector<std::string>> waiting_;  ///< spans as JSON, the oldest first
  Repeater exporter_;
};

}  // namespace regesta::server
