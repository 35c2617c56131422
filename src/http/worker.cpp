#include "http/worker.h"

#include <boost/asio/post.hpp>

#include "base/id.h"
#include "base/time.h"
#include "http/conditional.h"

namespace regesta::http {
namespace {

constexpr auto sweepEvery = std::chrono::milliseconds(200);
constexpr std::size_t logBuffer = 64 * 1024;

/// Methods with a metric label; other methods must not create time series.
constexpr std::string_view methods[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "other"};

std::size_t methodIndex(std::string_view method) {
  std::size_t last = std::size(methods) - 1;
  for (std::size_t i = 0; i < last; ++i)
    if (methods[i] == method) return i;
  return last;
}

std::int64_t steadyMillis() {
  auto since = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
}

}  // namespace

Counter& RouteMetrics::status(int status) {
  for (auto& [known, counter] : byStatus)
    if (known == status) return *counter;
  Counter& fresh =
      counter("regesta_http_requests_total", "Answered requests", fmt::format("{},status=\"{}\"", labels, status));
  byStatus.emplace_back(status, &fresh);
  return fresh;
}

Worker::Worker(Site& site) : site_(site), idPrefix_(randomHex(6)), guard_(io.get_executor()), timer_(io) { tick(); }

void Worker::start() {
  thread_ = std::thread([this] { io.run(); });
}

void Worker::stop() {
  io.stop();
  if (thread_.joinable()) thread_.join();
  // A coroutine that waits for its socket owns that socket, which owns the way back into the coroutine: cut the circle.
  std::vector<Waiter> orphans;
  for (Swept* connection : connections_) connection->release(orphans);
  orphans.clear();
  flushLog();
}

void Worker::forEach(void (Swept::*action)()) {
  asio::post(io, [this, action] {
    for (Swept* connection : connections_) (connection->*action)();
  });
}

Worker::Place Worker::enter(Swept& connection) { return connections_.insert(connections_.end(), &connection); }

void Worker::leave(Place place) { connections_.erase(place); }

std::string Worker::nextRequestId() { return fmt::format("{}{:08x}", idPrefix_, ++idCount_); }

RouteMetrics& Worker::metrics(const Action* action, std::string_view method) {
  std::size_t index = methodIndex(method);
  RouteMetrics& found = metrics_[{action, index}];
  if (!found.seconds) {
    found.pattern = action ? std::string_view(action->pattern) : "";
    std::string pattern = fmt::format("pattern=\"{}\"", found.pattern);
    found.labels = fmt::format("method=\"{}\",{}", methods[index], pattern);
    found.seconds =
        &histogram("regesta_http_request_seconds", "Time from a request's head to the end of its answer", pattern);
  }
  return found;
}

void Worker::logAccess(const AccessEntry& entry) {
  if (!site_.accessLog.wanted()) return;
  appendAccessLine(lines_, entry, nowMillis());
  if (lines_.size() > logBuffer) flushLog();
}

void Worker::flushLog() {
  if (!lines_.empty()) site_.accessLog.write(lines_);
  lines_.clear();
}

void Worker::tick() {
  now_ = steadyMillis();
  std::int64_t second = nowMillis() / 1000;
  if (second != wallSecond_) {
    wallSecond_ = second;
    date_ = formatHttpDate(second);
  }
  for (Swept* connection : connections_) connection->sweep(now_);
  flushLog();
  timer_.expires_after(sweepEvery);
  timer_.async_wait([this](const boost::system::error_code& failure) {
    if (!failure) tick();
  });
}

}  // namespace regesta::http
