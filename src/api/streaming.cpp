#include "api/streaming.h"

#include "registry/storage_quota.h"

namespace regesta::api {

namespace {
constexpr std::uint64_t storageStep =
    16 * 1024 * 1024;  // a body of unknown length is measured again after this number of bytes

void requireStorage(const Call& call, std::uint64_t more) {
  call.core.store.read([&](db::Transaction& transaction) {
    registry::requireStorage(transaction, call.workspace, static_cast<std::int64_t>(more));
  });
}
}  // namespace

http::asio::awaitable<void> enter(http::Exchange& exchange, Core& core, AccessRule access, const Dialect& dialect,
                                  std::optional<Call>& call) {
  co_await exchange.waiting([&] { call.emplace(admit(core, exchange.request(), access, dialect)); });
}

http::asio::awaitable<std::uint64_t> receive(http::Exchange& exchange, const Call& call, blob::Writer& writer,
                                             std::function<void(std::uint64_t)> check) {
  std::vector<char> piece(pieceSize);
  std::uint64_t size = 0, allowed = exchange.bodyLength().value_or(1);
  co_await exchange.waiting([&] { requireStorage(call, allowed); });
  while (std::size_t count = co_await exchange.read(piece)) {
    size += count;
    if (check) check(size);
    co_await exchange.waiting([&] {
      if (size > allowed) {
        allowed = size + storageStep;
        requireStorage(call, size);
      }
      writer.write({piece.data(), count});
    });
  }
  co_return size;
}

http::asio::awaitable<Collected> collect(http::Exchange& exchange) {
  Collected body;
  std::vector<char> piece(64 * 1024);
  while (std::size_t count = co_await exchange.read(piece)) {
    body.share.add(count);
    body.text.append(piece.data(), count);
  }
  body.share.add(parsedSize(body.text));
  co_return body;
}

http::asio::awaitable<void> send(http::Exchange& exchange, http::Response head, blob::Reader& reader,
                                 const http::Selection& selection) {
  std::uint64_t at = selection.from, left = exchange.request().method == "HEAD" ? 0 : selection.length;
  std::vector<char> piece(static_cast<std::size_t>(std::min<std::uint64_t>(left, pieceSize)));
  auto read = [&] {
    std::size_t count =
        reader.read(at, {piece.data(), static_cast<std::size_t>(std::min<std::uint64_t>(left, piece.size()))});
    if (count == 0) throw Error(Code::corrupt, "a stored file is shorter than it was when it was stored");
    return count;
  };
  // Before the head: content that cannot be read is then an error that clients understand.
  std::size_t count = left > 0 ? co_await exchange.waiting(read) : 0;
  co_await exchange.begin(std::move(head), selection.length);
  while (left > 0) {
    co_await exchange.write({piece.data(), count});
    at += count;
    left -= count;
    if (left > 0) count = co_await exchange.waiting(read);
  }
  co_await exchange.finish();
}

}  // namespace regesta::api
