#pragma once
// The streaming shape. This header brings Asio in: only http/, the streaming files of api/ and server/ include it.
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include <boost/asio/awaitable.hpp>

#include "http/message.h"
#include "http/router.h"

namespace regesta::http {

namespace asio = boost::asio;

/// One request that is read and answered piece by piece. Back-pressure: nothing is read from the peer between two calls
/// of read(), and write() returns when the bytes are with the kernel. A peer that goes away ends the coroutine with an
/// exception; destructors release what the handler holds. The same happens if the caller's access ends
/// (Request::caller): every function that moves bytes or waits checks it and throws Error{unauthenticated}.
class Exchange {
 public:
  virtual ~Exchange() = default;
  virtual const Request& request() const = 0;
  /// Declared body length, when there is one.
  virtual std::optional<std::uint64_t> bodyLength() const = 0;
  /// Next bytes of the body; 0 at its end. Throws Error{tooLarge} above the route's limit, Error{invalid} when
  /// truncated.
  virtual asio::awaitable<std::size_t> read(std::span<char> into) = 0;
  /// Runs blocking work (a commit, hashing a large file) on the waiting threads and comes back.
  virtual asio::awaitable<void> runWaiting(std::function<void()> work) = 0;
  /// The same, and returns what `fn` returns.
  template <class Fn>
  asio::awaitable<std::invoke_result_t<Fn&>> waiting(Fn fn) {
    return resultOf(std::move(fn), &Exchange::runWaiting);
  }
  /// Sends a whole answer. Either this, or begin/write/finish, once.
  virtual asio::awaitable<void> respond(Response response) = 0;
  /// Sends the head; without `length` the body is chunked.
  virtual asio::awaitable<void> begin(Response head, std::optional<std::uint64_t> length) = 0;
  virtual asio::awaitable<void> write(std::string_view bytes) = 0;
  virtual asio::awaitable<void> finish() = 0;
  /// Waits until `wake` is called, the time is over, or the server drains; true when woken. For SSE and long-poll.
  virtual asio::awaitable<bool> wait(std::chrono::milliseconds limit) = 0;
  /// A function that wakes wait() from any thread, also before wait() began and after the exchange is gone.
  virtual std::function<void()> waker() = 0;
  /// True when the server is draining: end long answers soon.
  virtual bool draining() const = 0;
  /// waiting() for work that changes nothing: it ends when the caller hangs up, and after limits::streamReadMillis.
  /// What a GET waits for is such work.
  virtual asio::awaitable<void> runReading(std::function<void()> work) = 0;
  /// The same, and returns what `fn` returns.
  template <class Fn>
  asio::awaitable<std::invoke_result_t<Fn&>> reading(Fn fn) {
    return resultOf(std::move(fn), &Exchange::runReading);
  }

 private:
  using Runs = asio::awaitable<void> (Exchange::*)(std::function<void()>);
  template <class Fn>
  asio::awaitable<std::invoke_result_t<Fn&>> resultOf(Fn fn, Runs run) {
    using Result = std::invoke_result_t<Fn&>;
    if constexpr (std::is_void_v<Result>) {
      std::function<void()> work = std::ref(fn);
      co_await (this->*run)(std::move(work));
    } else {
      std::optional<Result> result;
      std::function<void()> work = [&] { result.emplace(fn()); };
      co_await (this->*run)(std::move(work));
      co_return std::move(*result);
    }
  }
};

/// A handler as a coroutine. An Error thrown before begin() becomes the front's error answer.
class StreamHandler {
 public:
  virtual ~StreamHandler() = default;
  virtual asio::awaitable<void> handle(Exchange& exchange) = 0;
};

/// The handler of a streaming route; `bodyLimit` 0: limits::wholeBody.
Action streaming(std::shared_ptr<StreamHandler> handler, std::size_t bodyLimit);

}  // namespace regesta::http
