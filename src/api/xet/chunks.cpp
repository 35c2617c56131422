#include "api/xet/chunks.h"

#include "base/encoding.h"
#include "base/time.h"
#include "blob/chunk_runs.h"
#include "blob/xet_shard.h"
#include "registry/xorb.h"

namespace regesta::api::xet {
namespace {

constexpr std::size_t objectsOfPack = 500;  // that are looked at
constexpr std::int64_t keySeconds = 7 * 86'400;

/// A readable blob with the chunk, and the chunk's number in it.
struct Found {
  blob::IndexedObject object;
  std::uint64_t chunk = 0;
};

std::optional<std::uint64_t> chunkIn(const blob::IndexedObject& object, std::int64_t pack, std::uint32_t chunk) {
  std::uint64_t before = 0;
  for (const blob::IndexedExtent& extent : object.extents) {
    if (extent.pack == pack && chunk >= extent.first && chunk - extent.first < extent.count)
      return before + (chunk - extent.first);
    before += extent.count;
  }
  return std::nullopt;
}

std::optional<Found> findReadable(const Call& call, const blob::xet::Hash& hash) {
  for (std::int64_t id : call.packs().index().packsWith(hash)) {
    auto pack = call.packs().open(id);
    auto chunk = pack ? pack->find(hash) : std::nullopt;
    if (!chunk) continue;
    for (blob::IndexedObject& object : call.packs().index().objectsUsing(id, objectsOfPack)) {
      auto at = chunkIn(object, id, *chunk);
      if (!at) continue;
      bool readable =
          call.core.store.read([&](db::Transaction& transaction) { return call.mayRead(transaction, object.digest); });
      if (readable) return Found{std::move(object), *at};
    }
  }
  return std::nullopt;
}

/// The chunks of the blob around the one that was found, as a xorb.
blob::xet::ShardXorb xorbAround(const Call& call, const Found& found, registry::Xorb& entry) {
  blob::ObjectChunks chunks(call.packs(), found.object);
  entry.first = found.chunk / blob::xet::xorbChunks * blob::xet::xorbChunks;
  entry.chunks = std::min<std::uint64_t>(blob::xet::xorbChunks, chunks.count() - entry.first);
  blob::xet::ShardXorb xorb;
  blob::xet::Tree tree;
  chunks.visitChunks(entry.first, entry.chunks, [&](const blob::ChunkRun& run) {
    for (const blob::ChunkEntry& chunk : run.chunks()) {
      tree.add(chunk.hash, chunk.length);
      xorb.chunks.push_back({chunk.hash, chunk.length});
    }
    xorb.packedBytes += run.recordsEnd() - run.recordsStart();
    entry.bytes += run.length();
  });
  xorb.hash = tree.hashes().root;
  return xorb;
}

/// One key per actor, workspace and week: a client keeps an index per key.
blob::xet::Hash keyOf(const Call& call, std::int64_t period) {
  std::string text = base64UrlDecode(call.core.access.capability(fmt::format("xet-chunks/{}/{}/{}", call.workspace(),
                                                                             call.scope().actor, period)))
                         .value_or("");
  blob::xet::Hash key{};
  REGESTA_INVARIANT(text.size() == key.size());
  std::ranges::copy(text, key.begin());
  return key;
}

}  // namespace

http::Response findChunk(const Call& call, const http::Request& request) {
  std::string hash = hashOf(request);
  auto found = findReadable(call, blob::xet::hashOf(hash));
  if (!found)
    throw error(Code::notFound, "no content of workspace '{}' that you may read has the chunk {}", call.workspace(),
                hash);
  registry::Xorb entry{.actor = call.scope().actor, .digest = found->object.digest};
  blob::xet::ShardXorb xorb = xorbAround(call, *found, entry);
  entry.hash = blob::xet::text(xorb.hash);
  call.core.store.write([&](db::Transaction& transaction) { registry::putXorb(transaction, call.workspace(), entry); });
  std::int64_t period = nowMillis() / 1000 / keySeconds, start = period * keySeconds;
  http::Response response;
  response.contentType = "application/octet-stream";
  response.body = blob::xet::writeShard(xorb, keyOf(call, period), start, start + 2 * keySeconds);
  return response;
}

}  // namespace regesta::api::xet
