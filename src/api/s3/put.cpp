#include "api/s3/handlers.h"
#include "base/text.h"
#include "http/conditional.h"
#include "registry/storage_quota.h"
#include "tracking/artifact.h"

namespace regesta::api::s3 {
namespace {

constexpr std::string_view md5OfNothing = "d41d8cd98f00b204e9800998ecf8427e";

http::Response stored(const std::string& etag, const std::optional<SentChecksum>& checksum) {
  http::Response answer;
  answer.contentType.clear();
  answer.headers.set("ETag", fmt::format("\"{}\"", etag));
  if (checksum) {
    answer.headers.set(checksum->header(), checksum->value);
    answer.headers.set("x-amz-checksum-type", "FULL_OBJECT");
  }
  return answer;
}

/// What one upload is about, from its head.
struct Upload {
  Call call;
  std::string path;
  About about;
  Payload payload;
};

void requireWritable(const Upload& upload, db::Transaction& transaction) {
  requirePath(upload.call, access::Verb::write, transaction, upload.path);
  requirePrecondition(upload.call.http, registry::findFile(transaction, upload.call.workspace, upload.path));
}

/// "folder/" without content, which some clients store so that a folder is there. Here folders are where files are.
bool isFolderMarker(const http::Request& request, const Payload& payload) {
  return request.variable("key").ends_with('/') && payload.declaredSize().value_or(1) == 0;
}

Upload begin(Core& core, const Entered& request) {
  const http::Request& head = request.call.http;
  requireKnown(request.query, {});
  About about = aboutOf(head);
  Payload payload(head, request.caller->payload, request.caller->chain);
  std::string_view key = head.variable("key");
  if (isFolderMarker(head, payload)) key.remove_suffix(1);
  Upload upload{request.call, newPathOfKey(key), std::move(about), std::move(payload)};
  core.store.read([&](db::Transaction& transaction) {
    requireWritable(upload, transaction);
    registry::requireStorage(transaction, upload.call.workspace,
                             static_cast<std::int64_t>(upload.payload.declaredSize().value_or(1)));
  });
  return upload;
}

void keep(Core& core, Upload& upload, const blob::Stored& content) {
  upload.about.checksum = upload.payload.checksum();
  core.store.change(upload.call.actor(), [&](registry::Change& change) {
    requireWritable(upload, change.transaction);  // again: a long upload outlives what was allowed
    tracking::putArtifact(change, upload.call.workspace, upload.path, content,
                          {upload.payload.md5(), upload.about.json()});
  });
}

}  // namespace

void requirePrecondition(const http::Request& request, const std::optional<registry::TreeFile>& present) {
  std::string etag = present ? etagOf(*present) : std::string();
  if (auto none = request.headers.get("If-None-Match")) {
    if (trim(*none) != "*") throw Fault("NotImplemented", "the only If-None-Match of a write is '*'");
    if (present) throw Fault("PreconditionFailed", "there is an object with this key already");
  }
  if (auto match = request.headers.get("If-Match")) {
    if (!present) throw Fault("NoSuchKey", "there is no object with this key to match");
    std::string quoted = match->starts_with('"') || *match == "*" ? std::string(*match) : fmt::format("\"{}\"", *match);
    if (!http::etagMatches(quoted, etag, false)) throw Fault("PreconditionFailed", "the object has a different ETag");
  }
}

http::asio::awaitable<blob::Stored> receiveContent(Exchange& exchange, Core& core, Payload& payload) {
  std::unique_ptr<blob::Writer> writer = core.blobs.create();
  std::vector<char> piece(pieceSize);
  while (std::size_t count = co_await exchange.read(piece))
    co_await exchange.waiting(
        [&] { payload.write({piece.data(), count}, [&](std::string_view content) { writer->write(content); }); });
  co_return co_await exchange.waiting([&] {
    payload.finish(writer->finish());
    return writer->commit();
  });
}

http::asio::awaitable<std::string> receiveDocument(Exchange& exchange, Payload& payload) {
  std::string document;
  std::vector<char> piece(64 * 1024);
  while (std::size_t count = co_await exchange.read(piece))
    payload.write({piece.data(), count}, [&](std::string_view content) { document += content; });
  payload.finish(crypto::sha256Hex(document));
  co_return document;
}

http::Response xmlResponse(std::string body) {
  http::Response answer;
  answer.contentType = "application/xml";
  answer.body = std::move(body);
  return answer;
}

std::string toUpper(std::string_view text) {
  std::string upper(text);
  for (char& c : upper)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return upper;
}

Task putObject(Exchange& exchange, Core& core) {
  Query query(exchange.request().query);
  bool copies = exchange.request().headers.get("x-amz-copy-source").has_value();
  if (query.has("uploadId") || query.has("partNumber"))
    co_return co_await (copies ? copyPart(exchange, core) : uploadPart(exchange, core));
  if (copies) co_return co_await copyObject(exchange, core);
  Upload upload = co_await exchange.waiting([&] { return begin(core, entered(core, exchange.request())); });
  if (isFolderMarker(exchange.request(), upload.payload)) {
    co_await receiveDocument(exchange, upload.payload);
    co_return co_await exchange.respond(stored(std::string(md5OfNothing), upload.payload.checksum()));
  }
  blob::Stored content = co_await receiveContent(exchange, core, upload.payload);
  co_await exchange.waiting([&] { keep(core, upload, content); });
  co_await exchange.respond(stored(upload.payload.md5(), upload.payload.checksum()));
}

}  // namespace regesta::api::s3
