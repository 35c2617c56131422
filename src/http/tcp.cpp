#include <sys/socket.h>
#include <sys/uio.h>

#include <cerrno>

#include "http/stream.h"

namespace regesta::http {
namespace {

class TcpStream final : public Stream {
 public:
  TcpStream(Poller& poller, Descriptor descriptor) : socket_(poller, std::move(descriptor)) {}

  asio::awaitable<void> open() override { co_return; }

  std::optional<std::size_t> tryRead(std::span<char> into) override {
    ssize_t size = socket_.receive(into.data(), into.size());
    if (size >= 0) return static_cast<std::size_t>(size);
    if (errno == EAGAIN) return std::nullopt;
    throw ConnectionClosed();
  }

  std::size_t tryWrite(const Pieces& pieces) override {
    iovec parts[std::tuple_size_v<Pieces>];
    msghdr message{};
    message.msg_iov = parts;
    for (std::string_view piece : pieces)
      if (!piece.empty()) parts[message.msg_iovlen++] = {const_cast<char*>(piece.data()), piece.size()};
    if (message.msg_iovlen == 0) return 0;
    ssize_t sent = socket_.send(message);
    if (sent >= 0) return static_cast<std::size_t>(sent);
    if (errno == EAGAIN) return 0;
    throw ConnectionClosed();
  }

  asio::awaitable<void> readable() override { return socket_.untilReadable(); }
  asio::awaitable<void> writable() override { return socket_.untilWritable(); }
  void endSending() noexcept override { ::shutdown(socket_.number(), SHUT_WR); }
  PolledSocket& socket() noexcept override { return socket_; }

 private:
  PolledSocket socket_;
};

}  // namespace

std::unique_ptr<Stream> makeTcpStream(Poller& poller, Descriptor descriptor) {
  return std::make_unique<TcpStream>(poller, std::move(descriptor));
}

}  // namespace regesta::http
