#include <sys/socket.h>
#include <sys/uio.h>

#include <cerrno>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "http/stream.h"

namespace regesta::http {
namespace {

constexpr auto awaiting = asio::as_tuple(asio::use_awaitable);

class TcpStream final : public Stream {
 public:
  explicit TcpStream(asio::ip::tcp::socket socket) : socket_(std::move(socket)) {}

  asio::awaitable<void> open() override { co_return; }

  asio::awaitable<std::size_t> read(std::span<char> into) override {
    auto [failure, size] = co_await socket_.async_read_some(asio::buffer(into.data(), into.size()), awaiting);
    if (failure == asio::error::eof) co_return 0;
    if (failure) throw PeerGone();
    co_return size;
  }

  // Straight to the kernel: the send buffer nearly always has room, and a turn through the reactor costs more than the call.
  std::size_t tryWrite(const Pieces& pieces) override {
    iovec parts[std::tuple_size_v<Pieces>];
    msghdr message{};
    message.msg_iov = parts;
    for (std::string_view piece : pieces)
      if (!piece.empty()) parts[message.msg_iovlen++] = {const_cast<char*>(piece.data()), piece.size()};
    if (message.msg_iovlen == 0) return 0;
    for (;;) {
      ssize_t sent = ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent >= 0) return static_cast<std::size_t>(sent);
      if (errno == EINTR) continue;
      if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS) return 0;
      throw PeerGone();
    }
  }

  asio::awaitable<void> writable() override {
    auto [failure] = co_await socket_.async_wait(asio::socket_base::wait_write, awaiting);
    if (failure) throw PeerGone();
  }

  void endSending() noexcept override { ::shutdown(socket_.native_handle(), SHUT_WR); }

  void interrupt() noexcept override {
    boost::system::error_code ignored;
    socket_.cancel(ignored);
  }

  int handle() noexcept override { return socket_.native_handle(); }

 private:
  asio::ip::tcp::socket socket_;
};

}  // namespace

std::unique_ptr<Stream> makeTcpStream(asio::ip::tcp::socket socket) { return std::make_unique<TcpStream>(std::move(socket)); }

}  // namespace regesta::http
