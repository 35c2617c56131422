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

http::asio::awaitable<void> send(http::Exchange& exchange, http::Response head, blob::Reader& reader,
                                 const http::Selection& selection) {
  co_await exchange.begin(std::move(head), selection.length);
  std::uint64_t at = selection.from, left = exchange.request().method == "HEAD" ? 0 : selection.length;
  std::vector<char> piece(static_cast<std::size_t>(std::min<std::uint64_t>(left, pieceSize)));
  while (left > 0) {
    std::size_t count = 0;
    std::function<void()> work = [&] {
      count = reader.read(at, {piece.data(), static_cast<std::size_t>(std::min<std::uint64_t>(left, piece.size()))});
    };
    co_await exchange.waiting(std::move(work));
    if (count == 0) throw Error(Code::corrupt, "a stored file is shorter than it was when it was stored");
    co_await exchange.write({piece.data(), count});
    at += count;
    left -= count;
  }
  co_await exchange.finish();
}

}  // namespace regesta::api
