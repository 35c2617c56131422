#include "http/stream_exchange.h"

#include <charconv>
#include <mutex>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/error.h"

namespace regesta::http {

/// Shared with wakers, which may outlive the exchange and call from anywhere. The timer is the condition variable that
/// the coroutine sleeps on; only its own thread touches it.
struct StreamExchange::Wake {
  std::mutex mutex;
  asio::any_io_executor executor;
  std::optional<asio::steady_timer> timer;  ///< empty before the first wait and after the exchange has gone
  bool alive = true;
  bool signalled = false;

  static void call(const std::shared_ptr<Wake>& wake) {
    std::lock_guard lock(wake->mutex);
    if (!wake->alive || wake->signalled) return;
    wake->signalled = true;
    // Before the first wait, no wake-up is needed: wait() checks the flag.
    if (wake->timer) asio::post(wake->executor, [wake] { wake->cancel(); });
  }

  void cancel() {
    std::lock_guard lock(mutex);
    if (timer) timer->cancel();
  }

  bool take() {
    std::lock_guard lock(mutex);
    return std::exchange(signalled, false);
  }
};

StreamExchange::StreamExchange(Connection& connection) : connection_(connection), wake_(std::make_shared<Wake>()) {}

StreamExchange::~StreamExchange() {
  connection_.park(nullptr);
  std::lock_guard lock(wake_->mutex);
  wake_->alive = false;
  wake_->timer.reset();
}

const Request& StreamExchange::request() const { return connection_.request(); }

std::optional<std::uint64_t> StreamExchange::bodyLength() const {
  if (connection_.framing().chunked) return std::nullopt;
  return connection_.framing().length.value_or(0);
}

asio::awaitable<std::size_t> StreamExchange::read(std::span<char> into) {
  co_await connection_.requireStillAdmitted();
  co_return co_await connection_.readBody(into);
}

asio::awaitable<void> StreamExchange::run(std::function<void()> work, bool mayStop) {
  if (!connection_.out().empty()) co_await connection_.send();
  co_await connection_.requireStillAdmitted();
  co_await connection_.runWaiting(std::move(work), Lane::ordinary, mayStop);
}

asio::awaitable<void> StreamExchange::runWaiting(std::function<void()> work) {
  return run(std::move(work), connection_.request().method == "GET");
}

asio::awaitable<void> StreamExchange::runReading(std::function<void()> work) { return run(std::move(work), true); }

void StreamExchange::start(const Response& head, std::optional<std::uint64_t> length) {
  if (begun_) throw Error(Code::internal, "an answer was begun twice");
  begun_ = true;
  left_ = length;
  bool none = bodyless(head.status);
  silent_ = none || connection_.request().method == "HEAD";
  chunked_ = !length && connection_.framing().http11;
  BodyFraming framing = none       ? BodyFraming::none
                        : length   ? BodyFraming::length
                        : chunked_ ? BodyFraming::chunked
                                   : BodyFraming::close;
  connection_.beginAnswer(head, framing, length.value_or(0));
}

asio::awaitable<void> StreamExchange::respond(Response response) {
  start(response, response.body.size());
  co_await write(response.body);
  co_await finish();
}

asio::awaitable<void> StreamExchange::begin(Response head, std::optional<std::uint64_t> length) {
  start(head, length);
  co_return;
}

asio::awaitable<void> StreamExchange::write(std::string_view bytes) {
  if (!begun_ || complete_) throw Error(Code::internal, "bytes were written outside an answer");
  if (bytes.empty() || silent_) co_return;
  co_await connection_.requireStillAdmitted();
  if (left_) {
    if (bytes.size() > *left_) throw Error(Code::internal, "an answer is longer than its declared length");
    *left_ -= bytes.size();
  }
  connection_.countBody(bytes.size());
  if (connection_.turnIsOver(0)) co_await connection_.takeTurns();
  if (!chunked_) co_return co_await connection_.send(bytes);
  char digits[16];
  connection_.out().append(digits, std::to_chars(digits, digits + sizeof digits, bytes.size(), 16).ptr);
  connection_.out() += "\r\n";
  co_await connection_.send(bytes, "\r\n");
}

asio::awaitable<void> StreamExchange::finish() {
  if (!begun_ || complete_) throw Error(Code::internal, "an answer was finished outside an answer");
  if (left_.value_or(0) > 0 && !silent_) throw Error(Code::internal, "an answer is shorter than its declared length");
  complete_ = true;
  if (chunked_ && !silent_) connection_.out() += "0\r\n\r\n";
  co_return;  // sent with the next answer, or before the next read
}

asio::awaitable<bool> StreamExchange::wait(std::chrono::milliseconds limit) {
  if (!connection_.out().empty()) co_await connection_.send();
  auto executor = co_await asio::this_coro::executor;
  {
    std::lock_guard lock(wake_->mutex);
    if (!wake_->timer) {
      wake_->executor = executor;
      wake_->timer.emplace(executor);
    }
  }
  auto until = std::chrono::steady_clock::now() + std::min<std::chrono::milliseconds>(limit, std::chrono::hours(24));
  bool gone = false;
  bool woken = false;
  // A wake-up that is already on its way may cancel a later sleep: hence the loop.
  while (!(woken = wake_->take()) && !draining() && std::chrono::steady_clock::now() < until) {
    connection_.park([&gone, wake = wake_](bool peerGone) {
      gone = peerGone;
      wake->cancel();
    });
    wake_->timer->expires_at(until);
    co_await wake_->timer->async_wait(asio::as_tuple(asio::use_awaitable));
    connection_.park(nullptr);
    if (gone) throw ConnectionClosed();
    co_await connection_.requireStillAdmitted();
  }
  co_return woken;
}

std::function<void()> StreamExchange::waker() {
  return [wake = wake_] { Wake::call(wake); };
}

bool StreamExchange::draining() const { return connection_.site().draining.load(std::memory_order_relaxed); }

Action streaming(std::shared_ptr<StreamHandler> handler, std::size_t bodyLimit) {
  Action action;
  action.stream = std::move(handler);
  action.bodyLimit = bodyLimit;
  return action;
}

}  // namespace regesta::http
