#include <span>

#include "api/native/common.h"
#include "api/native/front.h"
#include "api/streaming.h"
#include "base/encoding.h"
#include "base/text.h"
#include "http/conditional.h"
#include "registry/version.h"

namespace regesta::api::native {

namespace {

using http::Exchange;
using Task = http::asio::awaitable<void>;

constexpr std::size_t pieceSize = 256 * 1024;
constexpr std::size_t blobLimit = std::size_t{1} << 40;  // 1 TiB: what one request may bring

class PutBlob final : public http::StreamHandler {
 public:
  explicit PutBlob(Core& core) : core_(core) {}

  Task handle(Exchange& exchange) override {
    std::optional<Call> call;
    co_await enter(exchange, core_, writes("blobs"), dialect(), call);
    std::unique_ptr<blob::Writer> writer = core_.blobs.create();
    co_await receive(exchange, *writer);
    blob::Stored stored;
    std::function<void()> work = [&] { stored = writer->commit(); };
    co_await exchange.waiting(std::move(work));
    http::Response answer;
    answer.status = 201;
    answer.body = fmt::format(R"({{"digest":"{}","size":{}}})", stored.digest, stored.size);
    co_await exchange.respond(std::move(answer));
  }

 private:
  Core& core_;
};

/// What a download sends: a blob, whole or in part.
struct Download {
  std::string digest, filename;
};

Task send(Exchange& exchange, Core& core, Download download) {
  std::unique_ptr<blob::Reader> reader = core.blobs.open(download.digest);
  if (!reader) throw error(Code::notFound, "there is no blob {}", shorten(download.digest, 80));
  const http::Request& request = exchange.request();
  std::string etag = fmt::format("\"{}\"", download.digest);
  http::Validators known{etag, std::nullopt};
  http::Condition condition = http::evaluateConditions(request, known);
  if (condition == http::Condition::notModified) {
    http::Response same = http::notModified(known);
    co_return co_await exchange.respond(std::move(same));
  }
  if (condition == http::Condition::failed) throw Error(Code::conflict, "the precondition does not hold");

  std::uint64_t size = reader->size(), from = 0, length = size;
  http::Response head;
  // The bytes are a stranger's: no browser may take them for a page of this server.
  head.contentType = "application/octet-stream";
  head.headers.set("X-Content-Type-Options", "nosniff");
  head.headers.set("Content-Security-Policy", "sandbox");
  head.headers.set("ETag", etag);
  head.headers.set("Accept-Ranges", "bytes");
  head.headers.set("Cache-Control", "private, max-age=31536000, immutable");
  if (!download.filename.empty())
    head.headers.set("Content-Disposition", "attachment; filename*=UTF-8''" + download.filename);
  http::RangeChoice choice = http::chooseRange(request, size, known);
  if (choice.outcome == http::RangeOutcome::unsatisfiable) {
    http::Response refused;
    refused.status = 416;
    refused.headers.set("Content-Range", http::unsatisfiedRange(size));
    co_return co_await exchange.respond(std::move(refused));
  }
  if (choice.outcome == http::RangeOutcome::part) {
    head.status = 206;
    head.headers.set("Content-Range", http::contentRange(choice.range, size));
    from = choice.range.first;
    length = choice.range.length();
  }
  co_await exchange.begin(std::move(head), length);
  std::vector<char> piece(static_cast<std::size_t>(std::min<std::uint64_t>(pieceSize, length)));
  std::uint64_t left = request.method == "HEAD" ? 0 : length;
  while (left > 0) {
    std::span<char> into(piece.data(), static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), left)));
    std::size_t count = reader->read(from, into);
    if (count == 0) throw error(Code::corrupt, "blob {} is shorter than it was", download.digest);
    co_await exchange.write({piece.data(), count});
    from += count;
    left -= count;
  }
  co_await exchange.finish();
}

class GetBlob final : public http::StreamHandler {
 public:
  explicit GetBlob(Core& core) : core_(core) {}

  Task handle(Exchange& exchange) override {
    std::optional<Call> call;
    co_await enter(exchange, core_, reads("blobs"), dialect(), call);
    std::string digest(exchange.request().variable("digest"));
    if (!blob::isDigest(digest)) throw Invalid("digest", "must be a SHA-256 in lower-case hexadecimal");
    co_await send(exchange, core_, Download{digest, ""});
  }

 private:
  Core& core_;
};

class GetFile final : public http::StreamHandler {
 public:
  explicit GetFile(Core& core) : core_(core) {}

  Task handle(Exchange& exchange) override {
    std::optional<Call> call;
    co_await enter(exchange, core_, reads("versions"), dialect(), call);
    Download download = find(*call);
    co_await send(exchange, core_, std::move(download));
  }

 private:
  Download find(const Call& call) {
    const http::Request& request = call.http;
    registry::AssetKey key = readable(call, request.variable("kind"), request.variable("name"));
    std::string selector(request.variable("selector")), path(request.variable("path"));
    return core_.store.read([&](db::Session& session) {
      registry::Version version = registry::resolveVersion(session, key, selector);
      for (const registry::VersionFile& file : registry::versionFiles(session, version))
        if (file.path == path) return Download{file.digest, percentEncode(path.substr(path.rfind('/') + 1))};
      throw error(Code::notFound, "{} has no file '{}'", version.subject(), path);
    });
  }
  Core& core_;
};

}  // namespace

void mountStreams(http::Router& router, Core& core) {
  constexpr std::size_t noBody = 1;
  router.add("PUT", "/api/v1/blobs", http::streaming(std::make_shared<PutBlob>(core), blobLimit));
  router.add("GET", "/api/v1/blobs/{digest}", http::streaming(std::make_shared<GetBlob>(core), noBody));
  router.add("GET", "/api/v1/assets/{kind}/{name}/versions/{selector}/files/{path...}",
             http::streaming(std::make_shared<GetFile>(core), noBody));
  mountChanges(router, core);
  mountJobStreams(router, core);
}

}  // namespace regesta::api::native
