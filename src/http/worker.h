#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>
#include <list>
#include <map>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "http/site.h"

namespace regesta::http {

/// What the worker's sweep can do to a connection. Called on the worker's thread.
class Swept {
 public:
  virtual ~Swept() = default;
  /// Acts on deadlines that have passed and on peers that have left. `nowMillis` is Worker::now().
  virtual void sweep(std::int64_t nowMillis) = 0;
  /// The server drains: end what is idle or parked.
  virtual void drain() = 0;
  /// The time to drain is over.
  virtual void abort() = 0;
  /// The loop has ended: hands over the coroutine that waits for the socket.
  virtual void release(std::vector<Waiter>& into) = 0;
};

/// Instruments of one route and method, looked up once, and what they taught this worker.
struct RouteMetrics {
  std::string_view pattern;
  std::string labels;
  Histogram* seconds = nullptr;
  std::vector<std::pair<int, Counter*>> byStatus;
  std::int64_t slowUntil = 0;  ///< Worker::now() before which the handler does not run on this thread

  Counter& status(int status);
};

/// One I/O thread with an event loop of its own. A connection lives and dies on one worker, so nothing of it needs a
/// lock. Instead of a timer per connection, one sweep five times a second compares deadlines with a coarse clock:
/// arming a deadline is one store.
class Worker {
 public:
  explicit Worker(Site& site);
  void start();
  /// Ends the loop and joins the thread. What is still suspended is destroyed with the worker.
  void stop();
  /// Calls drain() or abort() of every connection, on the worker's thread.
  void forEach(void (Swept::*action)());

  // For connections, on the worker's thread:
  using Place = std::list<Swept*>::iterator;
  Place enter(Swept& connection);
  void leave(Place place);
  std::int64_t now() const { return now_; }
  std::string_view date() const { return date_; }
  std::string nextRequestId();
  RouteMetrics& metrics(const Action* action, std::string_view method);
  /// Whether a Runs::inline_ handler ever took too long; otherwise its route need not be looked up.
  bool overrun = false;
  void logAccess(const AccessEntry& entry);

 private:
  void tick();
  void flushLog();

  Site& site_;
  std::thread thread_;
  std::list<Swept*> connections_;
  std::int64_t now_ = 0;
  std::int64_t wallSecond_ = 0;
  std::string date_;
  std::string idPrefix_;
  std::uint64_t idCount_ = 0;
  std::map<std::pair<const Action*, std::size_t>, RouteMetrics> metrics_;
  std::string lines_;

 public:
  // Last, so that they go first: destroying the loop destroys suspended connections, which still use the above.
  std::atomic<std::size_t> load{0};  ///< connections, for the acceptor's choice
  asio::io_context io{1};
  Poller poller{io};

 private:
  asio::executor_work_guard<asio::io_context::executor_type> guard_;
  asio::steady_timer timer_;
};

}  // namespace regesta::http
