#include "api/native/common.h"
#include "api/native/front.h"
#include "api/streaming.h"
#include "api/tracking_scope.h"
#include "base/encoding.h"
#include "base/text.h"
#include "registry/blob_alias.h"
#include "registry/storage_quota.h"
#include "registry/version.h"

namespace regesta::api::native {

namespace {

using http::Exchange;

class PutBlob final : public http::StreamHandler {
 public:
  explicit PutBlob(Core& core) : core_(core) {}

  Task handle(Exchange& exchange) override {
    std::optional<Call> call;
    co_await enter(exchange, core_, writes("blobs"), dialect(), call);
    std::unique_ptr<blob::Writer> writer = core_.blobs.create();
    co_await receive(exchange, *call, *writer);
    blob::Stored stored = co_await exchange.waiting([&] {
      blob::Stored committed = writer->commit();
      core_.store.write([&](db::Transaction& transaction) {
        registry::takeStorage(transaction, call->workspace, static_cast<std::int64_t>(committed.size));
        registry::noteUpload(transaction, call->workspace, committed, call->actor().name);
      });
      return committed;
    });
    http::Response answer;
    answer.status = 201;
    answer.body = fmt::format(R"({{"digest":"{}","size":{}}})", stored.digest, stored.size);
    co_await exchange.respond(std::move(answer));
  }

 private:
  Core& core_;
};

Error absent(std::string_view digest) {
  return error(Code::notFound, "the blob {} does not exist", shorten(digest, 80));
}

/// What a download sends: a blob, whole or in part.
struct Download {
  std::string digest, filename;
};

http::Response refusal(const http::Selection& selection) {
  http::Response answer{selection.status, {}, {}, {}};
  if (selection.status == 412)
    answer = dialect().renderError({}, Error(Code::conflict, "the precondition does not hold"));
  if (selection.status == 416) answer = dialect().renderError({}, Invalid("Range", "begins after the end of the file"));
  answer.status = selection.status;
  for (const auto& [name, value] : selection.headers.all()) answer.headers.set(name, value);
  return answer;
}

http::Response downloadHead(const http::Selection& selection, const Download& download) {
  http::Response head{selection.status, {}, selection.headers, {}};
  // The bytes are not trusted: no browser may treat them as a page of this server.
  head.contentType = "application/octet-stream";
  head.headers.set("X-Content-Type-Options", "nosniff");
  head.headers.set("Content-Security-Policy", "sandbox; default-src 'none'; frame-ancestors 'none'");
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
  std::unique_ptr<blob::Reader> reader = co_await exchange.waiting([&] {
    download = find(*call);
    std::unique_ptr<blob::Reader> opened = core.blobs.open(download.digest);
    if (!opened) throw absent(download.digest);
    return opened;
  });
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
    // Hidden or not there: the answer is the same, because a digest alone may be known from the public ledger.
    if (!call.core.store.read([&](db::Transaction& transaction) { return scopeOf(call, transaction).blob(digest); }))
      throw absent(digest);
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
    return call.core.store.read([&](db::Transaction& transaction) {
      registry::Version version = registry::resolveVersion(transaction, key, selector);
      for (const registry::VersionFile& file : registry::versionFiles(transaction, version))
        if (file.path == path) return Download{file.digest, percentEncode(path.substr(path.rfind('/') + 1))};
      throw error(Code::notFound, "{} has no file '{}'", version.subject(), path);
    });
  }
  Core& core_;
};

}  // namespace

std::span<const StreamRoute> streams() {
  static const std::vector<StreamRoute> all = [] {
    std::vector<StreamRoute> routes{
        {"PUT", "/api/v1/blobs", "Upload a blob", writes("blobs"), makeStream<PutBlob>, uploadLimit},
        {"GET", "/api/v1/blobs/{digest}", "Download a blob",
         reads("blobs that the caller uploaded, or that are in a file that they may read"), makeStream<GetBlob>},
        {"GET", "/api/v1/assets/{kind}/{name}/versions/{selector}/files/{path...}", "Download a file of a version",
         reads("versions of this name"), makeStream<GetFile>},
    };
    for (auto more : {archiveStreams(), packStreams(), changeStreams(), jobStreams(), recordStreams(), uploadStreams()})
      routes.insert(routes.end(), more.begin(), more.end());
    return routes;
  }();
  return all;
}

}  // namespace regesta::api::native
