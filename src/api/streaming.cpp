#include "api/streaming.h"

namespace regesta::api {

namespace {
constexpr std::size_t pieceSize = 256 * 1024;
}

http::asio::awaitable<void> enter(http::Exchange& exchange, Core& core, AccessRule access, const Dialect& dialect,
                                  std::optional<Call>& call) {
  std::function<void()> work = [&] { call.emplace(admit(core, exchange.request(), access, dialect)); };
  co_await exchange.waiting(std::move(work));
}

http::asio::awaitable<std::uint64_t> receive(http::Exchange& exchange, blob::Writer& writer,
                                             std::function<void(std::uint64_t)> check) {
  std::vector<char> piece(pieceSize);
  std::uint64_t size = 0;
  while (std::size_t count = co_await exchange.read(piece)) {
    size += count;
    if (check) check(size);
    std::function<void()> work = [&] { writer.write({piece.data(), count}); };
    co_await exchange.waiting(std::move(work));
  }
  co_return size;
}

}  // namespace regesta::api
