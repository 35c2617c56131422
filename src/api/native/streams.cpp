#include "api/native/common.h"
#include "api/native/front.h"
#include "api/streaming.h"
#include "base/encoding.h"
#include "base/text.h"
#include "registry/version.h"

namespace regesta::api::native {

namespace {

using http::Exchange;
using Task = http::asio::awaitable<void>;

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

http::Response refusal(const http::Selection& selection) {
  http::Response answer{selection.status, {}, {}, {}};
  if (selection.status == 412) answer = dialect().renderError(Error(Code::conflict, "the precondition does not hold"));
  if (selection.status == 416) answer = dialect().renderError(Invalid("Range", "begins behind the end of the file"));
  answer.status = selection.status;
  for (const auto& [name, value] : selection.headers.all()) answer.headers.set(name, value);
  return answer;
}

http::Response downloadHead(const http::Selection& selection, const Download& download) {
  http::Response head{selection.status, {}, selection.headers, {}};
  // The bytes are a stranger's: no browser may take them for a page of this server.
  head.contentType = "application/octet-stream";
  head.headers.set("X-Content-Type-Options", "nosniff");
  head.headers.set("Content-Security-Policy", "sandbox");
  head.headers.set("Cache-Control", "private, max-age=31536000, immutable");
  if (!download.filename.empty())
    head.headers.set("Content-Disposition", "attachment; filename*=UTF-8''" + download.filename);
  return head;
}

/// Sends what `find` finds; it runs on a waiting thread.
Task serve(Exchange& exchange, Core& core, std::string_view resource, std::function<Download(const Call&)> find) {
  std::optional<Call> call;
  co_await enter(exchange, core, reads(resource), dialect(), call);
  Download download;
  std::unique_ptr<blob::Reader> reader;
  std::function<void()> open = [&] {
    download = find(*call);
    reader = core.blobs.open(download.digest);
    if (!reader) throw error(Code::notFound, "there is no blob {}", shorten(download.digest, 80));
  };
  co_await exchange.waiting(std::move(open));
  std::string etag = fmt::format("\"{}\"", download.digest);
  http::Selection selection = http::selectBytes(exchange.request(), reader->size(), {etag, std::nullopt});
  if (!selection.sends()) co_return co_await exchange.respond(refusal(selection));
  co_await send(exchange, downloadHead(selection, download), *reader, selection);
}

class GetBlob final : public http::StreamHandler {
 public:
  explicit GetBlob(Core& core) : core_(core) {}

  Task handle(Exchange& exchange) override { return serve(exchange, core_, "blobs", find); }

 private:
  static Download find(const Call& call) {
    std::string digest(call.http.variable("digest"));
    if (!blob::isDigest(digest)) throw Invalid("digest", "must be a SHA-256 in lower-case hexadecimal");
    return {digest, ""};
  }
  Core& core_;
};

class GetFile final : public http::StreamHandler {
 public:
  explicit GetFile(Core& core) : core_(core) {}

  Task handle(Exchange& exchange) override { return serve(exchange, core_, "versions", find); }

 private:
  static Download find(const Call& call) {
    const http::Request& request = call.http;
    registry::AssetKey key = readable(call, request.variable("kind"), request.variable("name"));
    std::string selector(request.variable("selector")), path(request.variable("path"));
    return call.core.store.read([&](db::Session& session) {
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
