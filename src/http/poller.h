#pragma once
#include <optional>
#include <utility>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace regesta::http {

namespace asio = boost::asio;

/// Owns a file descriptor.
class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor();
  int number() const { return number_; }

 private:
  int number_;
};

/// Where a coroutine goes on that waits for a socket.
using Waiter = asio::async_result<asio::use_awaitable_t<>, void()>::handler_type;

/// Edge-triggered readiness of one event loop's sockets. Asio's own reactor tries a read before each wait, one system
/// call in vain per request; here a read that came up short is known to have emptied the socket, and a request costs
/// one recv and one send, as in nginx. Used on the loop's thread.
class Poller {
 public:
  explicit Poller(asio::io_context& io);
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

 private:
  friend class PolledSocket;
  void watch();
  void dispatch();

  asio::io_context& io_;
  asio::posix::stream_descriptor events_;
};

/// A non-blocking socket of a poller. One coroutine at a time waits for it.
class PolledSocket {
 public:
  PolledSocket(Poller& poller, Descriptor descriptor);
  /// Ends the watch. Closing the descriptor would not: a child that is being started may still hold a copy of it, and
  /// the queue would go on to name this object.
  ~PolledSocket();
  PolledSocket(const PolledSocket&) = delete;
  PolledSocket& operator=(const PolledSocket&) = delete;

  int number() const { return descriptor_.number(); }
  bool readable() const { return readable_; }
  bool writable() const { return writable_; }
  /// True once the peer has ended its side, also with bytes still unread.
  bool peerEnded() const { return peerEnded_; }

  /// recv and sendmsg with the book-keeping of readiness: -1 with errno EAGAIN without a system call when there is
  /// nothing to do. A failure is -1 with another errno.
  ssize_t receive(void* into, std::size_t size);
  ssize_t send(const struct msghdr& message);

  /// Return when the next call is worth it. Throw ConnectionClosed when interrupted.
  asio::awaitable<void> untilReadable() { return until(readable_); }
  asio::awaitable<void> untilWritable() { return until(writable_); }
  void interrupt();
  /// Hands over the coroutine that waits, so that it can be destroyed when the loop has ended.
  void release(std::vector<Waiter>& into);

 private:
  friend class Poller;
  asio::awaitable<void> until(const bool& ready);
  void onEvents(unsigned events);

  Poller& poller_;
  Descriptor descriptor_;
  std::optional<Waiter> waiter_;
  const bool* awaited_ = nullptr;
  bool readable_ = false;
  bool writable_ = true;
  bool peerEnded_ = false;
  bool interrupted_ = false;
};

}  // namespace regesta::http
