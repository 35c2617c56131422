// The wire form of tus 1.0: https://tus.io/protocols/resumable-upload
#include <algorithm>

#include "api/native/common.h"
#include "api/native/front.h"
#include "api/native/uploads.h"
#include "api/streaming.h"
#include "base/text.h"
#include "base/time.h"
#include "registry/part_join.h"
#include "registry/storage_quota.h"

namespace regesta::api::native {
namespace {

using http::Exchange;

constexpr std::string_view protocol = "1.0.0";
constexpr std::string_view uploads = "the caller's uploads";
constexpr std::int64_t keptBytes = 16 * 1024 * 1024;
constexpr std::size_t ignoredBody = 1024;
constexpr std::int64_t joinMillis = 2'000;

void requireProtocol(const http::Request& request) {
  if (auto sent = request.headers.get("Tus-Resumable"); sent && *sent != protocol)
    throw Invalid("Tus-Resumable", "must be 1.0.0");
}

/// After how many bytes what arrived is kept: more of a large upload, so that it has a bounded number of parts.
std::int64_t pieceOf(const ResumableUpload& upload) {
  return std::max(keptBytes, upload.length / (registry::partsPerUpload / 2));
}

http::Response answerOf(int status, const ResumableUpload& upload) {
  http::Response answer;
  answer.status = status;
  answer.contentType.clear();
  answer.headers.set("Tus-Resumable", std::string(protocol));
  answer.headers.set("Upload-Offset", std::to_string(upload.offset));
  answer.headers.set("Upload-Length", std::to_string(upload.length));
  answer.headers.set("Cache-Control", "no-store");
  return answer;
}

/// What is known of the blob, with the headers that tus has.
http::Response described(int status, const ResumableUpload& upload) {
  http::Response answer = answerOf(status, upload);
  answer.contentType = "application/json";
  JsonWriter writer(answer.body);
  writer.object().key("offset").number(upload.offset).key("size").number(upload.length);
  if (!upload.upload.completed.empty()) writer.key("digest").text(upload.upload.completed);
  writer.end();
  return answer;
}

/// Makes the blob, if everything arrived.
Task finish(Exchange& exchange, const Call& call, ResumableUpload& upload) {
  if (upload.offset < upload.length || !upload.upload.completed.empty()) co_return;
  std::optional<registry::PartJoin> join;
  co_await exchange.waiting([&] {
    join.emplace(call.core.blobs, call.core.store.read([&](db::Transaction& transaction) {
      return registry::partsOf(transaction, upload.upload.id, 0, static_cast<std::size_t>(registry::partsPerUpload));
    }));
  });
  while (!co_await exchange.waiting([&] { return join->step(nowMillis() + joinMillis); })) continue;
  co_await exchange.waiting([&] { finishUpload(call, upload, join->finish()); });
}

Task startUpload(Exchange& exchange, Core& core) {
  std::optional<Call> call;
  co_await enter(exchange, core, writes(uploads), dialect(), call);
  requireProtocol(exchange.request());
  ResumableUpload upload = co_await exchange.waiting([&] { return beginUpload(*call); });
  co_await finish(exchange, *call, upload);  // of nothing
  http::Response answer = described(201, upload);
  answer.headers.set("Location", "/api/v1/uploads/" + upload.upload.id);
  co_await exchange.respond(std::move(answer));
}

Task describeUpload(Exchange& exchange, Core& core) {
  std::optional<Call> call;
  co_await enter(exchange, core, writes(uploads), dialect(), call);
  http::Response answer = co_await exchange.waiting([&] {
    return core.store.read([&](db::Transaction& transaction) {
      return described(200, requireUpload(*call, transaction, call->http.variable("id")));
    });
  });
  co_await exchange.respond(std::move(answer));
}

ResumableUpload openPatch(const Call& call, const Exchange& exchange) {
  requireProtocol(call.http);
  if (call.http.headers.get("Content-Type").value_or("") != "application/offset+octet-stream")
    throw Invalid("Content-Type", "must be application/offset+octet-stream");
  auto offset = parseInteger(call.http.headers.get("Upload-Offset").value_or(""));
  return call.core.store.read([&](db::Transaction& transaction) {
    ResumableUpload upload = requireUpload(call, transaction, call.http.variable("id"));
    if (!offset || *offset != upload.offset)
      throw error(Code::conflict, "the upload has {} bytes: send what follows, with this Upload-Offset", upload.offset);
    std::int64_t left = upload.length - upload.offset;
    if (static_cast<std::int64_t>(exchange.bodyLength().value_or(0)) > left)
      throw error(Code::tooLarge, "the upload has {} bytes to come, and the request has more", left);
    registry::requireStorage(transaction, call.workspace, left);
    return upload;
  });
}

/// Keeps what arrives, also of a request that is cut: some piece of it, whose size it returns.
http::asio::awaitable<std::int64_t> takePiece(Exchange& exchange, const Call& call, ResumableUpload& upload) {
  std::unique_ptr<blob::Writer> writer = call.core.blobs.create();
  const std::int64_t kept = pieceOf(upload), left = upload.length - upload.offset;
  std::int64_t size = 0;
  std::exception_ptr cut;
  try {
    std::vector<char> piece(pieceSize);
    while (size < kept) {
      std::size_t room = static_cast<std::size_t>(std::min<std::int64_t>(pieceSize, kept - size));
      std::size_t count = co_await exchange.read({piece.data(), room});
      if (count == 0) break;
      if (size + static_cast<std::int64_t>(count) > left)
        throw error(Code::tooLarge, "the upload has {} bytes, and more arrive", upload.length);
      co_await exchange.waiting([&] { writer->write({piece.data(), count}); });
      size += static_cast<std::int64_t>(count);
    }
  } catch (...) {
    cut = std::current_exception();
  }
  if (size > 0) co_await exchange.waiting([&] { appendToUpload(call, upload, writer->commit()); });
  if (cut) std::rethrow_exception(cut);
  co_return size;
}

Task appendUpload(Exchange& exchange, Core& core) {
  std::optional<Call> call;
  ResumableUpload upload;
  co_await enter(exchange, core, writes(uploads), dialect(), call);
  co_await exchange.waiting([&] { upload = openPatch(*call, exchange); });
  while (std::int64_t size = co_await takePiece(exchange, *call, upload))
    if (size < pieceOf(upload)) break;
  co_await finish(exchange, *call, upload);
  co_await exchange.respond(answerOf(204, upload));
}

Task abortUpload(Exchange& exchange, Core& core) {
  std::optional<Call> call;
  co_await enter(exchange, core, writes(uploads), dialect(), call);
  co_await exchange.waiting([&] {
    core.store.write([&](db::Transaction& transaction) {
      registry::removeUpload(transaction, requireUpload(*call, transaction, call->http.variable("id")).upload);
    });
  });
  http::Response answer;
  answer.status = 204;
  answer.contentType.clear();
  answer.headers.set("Tus-Resumable", std::string(protocol));
  co_await exchange.respond(std::move(answer));
}

}  // namespace

std::span<const StreamRoute> uploadStreams() {
  static const StreamRoute routes[] = {
      {"POST", "/api/v1/uploads", "Start a resumable upload of a blob", writes(uploads), makeStream<startUpload>,
       ignoredBody},
      {"GET", "/api/v1/uploads/{id}", "Get the progress of a resumable upload", writes(uploads),
       makeStream<describeUpload>},
      {"PATCH", "/api/v1/uploads/{id}", "Send content of a resumable upload", writes(uploads), makeStream<appendUpload>,
       uploadLimit},
      {"DELETE", "/api/v1/uploads/{id}", "Abort a resumable upload", writes(uploads), makeStream<abortUpload>},
  };
  return routes;
}

}  // namespace regesta::api::native
