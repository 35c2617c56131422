#include "api/xet/xorbs.h"

#include "api/xet/usable.h"
#include "blob/xorb_writer.h"
#include "registry/storage_quota.h"
#include "registry/xorb.h"

namespace regesta::api::xet {
namespace {

using http::Exchange;

constexpr std::size_t pieceSize = 256 * 1024;

/// Refuses what cannot fit before its bytes are taken.
void requireStorage(const Call& call, const Exchange& exchange) {
  auto length = static_cast<std::int64_t>(exchange.bodyLength().value_or(0));
  call.core.store.read(
      [&](db::Transaction& transaction) { registry::requireStorage(transaction, call.workspace(), length); });
}

bool store(const Call& call, const std::string& hash, blob::XorbWriter& writer) {
  if (std::string found = blob::xet::text(writer.finish()); found != hash)
    throw error(Code::invalid, "the chunks have the xorb hash {}, not {} as the path says; nothing was stored", found,
                hash);
  blob::Stored stored = writer.commit();
  registry::Xorb xorb{.hash = hash,
                      .actor = call.scope().actor,
                      .digest = stored.digest,
                      .chunks = writer.chunks(),
                      .bytes = stored.size,
                      .uploaded = true};
  return call.core.store.write(
      [&](db::Transaction& transaction) { return registry::putXorb(transaction, call.workspace(), xorb); });
}

Task respondLength(Exchange& exchange, std::uint64_t length) {
  http::Response head;
  head.contentType = "application/octet-stream";
  co_await exchange.begin(std::move(head), length);
  co_await exchange.finish();
}

}  // namespace

Task uploadXorb(Exchange& exchange, Core& core) {
  Call call = callOf(core, exchange);
  std::string hash;
  std::optional<blob::XorbWriter> writer;
  co_await exchange.waiting([&] {
    hash = hashOf(exchange.request());
    requireStorage(call, exchange);
    writer.emplace(call.packs(), call.store().batch());
  });
  std::vector<char> piece(pieceSize);
  while (std::size_t count = co_await exchange.read(piece))
    co_await exchange.waiting([&] { writer->write({piece.data(), count}); });
  bool inserted = co_await exchange.waiting([&] { return store(call, hash, *writer); });
  co_await exchange.respond(jsonAnswer(fmt::format("{{\"was_inserted\":{}}}", inserted)));
}

Task headXorb(Exchange& exchange, Core& core) {
  Call call = callOf(core, exchange);
  std::uint64_t length = co_await exchange.waiting([&] {
    UsableXorb xorb = usableXorb(call, hashOf(exchange.request()));
    std::uint64_t bytes = 0;
    xorb.chunks.visitChunks(xorb.entry.first, xorb.entry.chunks,
                            [&](const blob::ChunkRun& run) { bytes += run.recordsEnd() - run.recordsStart(); });
    return bytes;
  });
  co_await respondLength(exchange, length);
}

Task headFile(Exchange& exchange, Core& core) {
  Call call = callOf(core, exchange);
  std::uint64_t length = co_await exchange.waiting([&] { return call.readableFile(hashOf(exchange.request())).size; });
  co_await respondLength(exchange, length);
}

}  // namespace regesta::api::xet
