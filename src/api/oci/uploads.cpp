#include "api/oci/front.h"
#include "api/oci/received.h"
#include "base/limits_oci.h"
#include "base/text.h"
#include "registry/oci_blob.h"
#include "registry/storage_quota.h"

namespace regesta::api::oci {
namespace {

using registry::OciUpload;

/// Of larger pieces, fewer have to be put together.
constexpr std::string_view chunkLength = "65536";

std::string uploadUrl(const Repository& repository, const OciUpload& upload) {
  return fmt::format("/v2/{}/blobs/uploads/{}", repository.path, upload.id);
}

http::Response progress(int status, const Repository& repository, const OciUpload& upload) {
  http::Response response = answer(status);
  response.headers.set("Location", uploadUrl(repository, upload));
  response.headers.set("Range", fmt::format("0-{}", std::max<std::int64_t>(upload.size - 1, 0)));
  response.headers.set("Docker-Upload-UUID", upload.id);
  response.headers.set("OCI-Chunk-Min-Length", std::string(chunkLength));
  return response;
}

http::Response stored(const Repository& repository, const Digest& digest) {
  http::Response response = answer(201);
  response.headers.set("Location", blobUrl(repository, digest.text));
  response.headers.set("Docker-Content-Digest", digest.text);
  return response;
}

OciUpload getUpload(const Call& call, const Repository& repository) {
  std::string id(call.http.variable("id"));
  auto upload = call.core.store.read([&](db::Transaction& transaction) {
    return registry::findOciUpload(transaction, repository.key, id, call.actor().name);
  });
  if (!upload)
    throw unknown("BLOB_UPLOAD_UNKNOWN", "repository '{}' has no upload {} of yours; start one with POST",
                  repository.path, shorten(id, 40));
  return *std::move(upload);
}

/// How much may come, and whether the workspace has room for what is announced.
std::int64_t roomFor(const Call& call, const Repository& repository, std::optional<std::uint64_t> length) {
  return call.core.store.read([&](db::Transaction& transaction) {
    registry::requireStorage(transaction, repository.key.workspace, static_cast<std::int64_t>(length.value_or(1)));
    return registry::roomForOciUploads(transaction, call.actor().name);
  });
}

/// The blob that a POST asks to mount; empty when the caller cannot read it there, whatever the reason.
std::optional<blob::Stored> mountable(const Call& call, const Repository& repository, const Digest& digest) {
  auto from = queryValue(call.http, "from");
  return call.core.store.read([&](db::Transaction& transaction) -> std::optional<blob::Stored> {
    auto mayRead = [&](std::string_view workspace, std::string_view name) {
      return call.identity->may(Verb::read, workspace, name);
    };
    if (!from)
      return registry::findOciBlobAnywhere(
          transaction, repository.key.workspace, digest.text,
          [&](std::string_view name) { return mayRead(repository.key.workspace, name); });
    auto source = parseRepository(*from);
    if (!source || !mayRead(source->key.workspace, source->key.name)) return std::nullopt;
    return registry::findOciBlob(transaction, source->key, digest.text);
  });
}

bool mount(const Call& call, const Repository& repository, const Digest& digest) {
  auto found = mountable(call, repository, digest);
  if (!found || !call.core.blobs.has(found->digest)) return false;
  call.core.store.write([&](db::Transaction& transaction) {
    registry::putOciBlob(transaction, repository.key, digest.text, *found, call.actor().name);
  });
  return true;
}

/// POST: an upload in several requests, all of it at once (?digest=), or a blob that is there already (?mount=).
Task startUpload(Exchange& exchange, Core& core) {
  std::optional<Call> call;
  Repository repository;
  std::optional<Digest> digest;
  co_await enter(exchange, core, writes(ofRepository), dialect(), call);
  std::optional<http::Response> done = co_await exchange.waiting([&]() -> std::optional<http::Response> {
    repository = repositoryOf(*call, Verb::write);
    if (auto text = queryValue(call->http, "digest")) digest = requireDigest(*text);
    if (auto text = queryValue(call->http, "mount"))
      if (Digest wanted = requireDigest(*text); mount(*call, repository, wanted)) return stored(repository, wanted);
    if (digest) return std::nullopt;
    return progress(202, repository, core.store.write([&](db::Transaction& transaction) {
      return registry::startOciUpload(transaction, repository.key, call->actor().name);
    }));
  });
  if (done) co_return co_await exchange.respond(*std::move(done));
  std::int64_t room = co_await exchange.waiting([&] { return roomFor(*call, repository, exchange.bodyLength()); });
  CheckedWriter writer(core.blobs.create(), *digest);
  Received received = co_await receivePiece(exchange, writer, room);
  if (received.failure) std::rethrow_exception(received.failure);
  co_await exchange.waiting([&] {
    blob::Stored content = writer.commit();
    core.store.write([&](db::Transaction& transaction) {
      registry::putOciBlob(transaction, repository.key, digest->text, content, call->actor().name);
    });
  });
  co_await exchange.respond(stored(repository, *digest));
}

/// Keeps what arrived of a piece, all or some of it.
void keepPiece(const Call& call, const Repository& repository, OciUpload& upload, blob::Writer& writer) {
  blob::Stored piece = writer.commit();
  call.core.store.write([&](db::Transaction& transaction) {
    OciUpload extended = upload;
    registry::appendOciUpload(transaction, repository.key, extended, piece);
    upload = extended;
  });
}

Task patchUpload(Exchange& exchange, Core& core) {
  std::optional<Call> call;
  Repository repository;
  OciUpload upload;
  std::unique_ptr<blob::Writer> writer;
  co_await enter(exchange, core, writes(ofRepository), dialect(), call);
  std::int64_t room = co_await exchange.waiting([&] {
    repository = repositoryOf(*call, Verb::write);
    upload = getUpload(*call, repository);
    checkRange(call->http, upload, exchange.bodyLength());
    writer = core.blobs.create();
    return roomFor(*call, repository, exchange.bodyLength());
  });
  Received received = co_await receivePiece(exchange, *writer, room);
  if (received.size > 0) co_await exchange.waiting([&] { keepPiece(*call, repository, upload, *writer); });
  if (received.failure) std::rethrow_exception(received.failure);
  co_await exchange.respond(progress(202, repository, upload));
}

http::asio::awaitable<std::vector<blob::Stored>> piecesOf(Exchange& exchange, Core& core, const OciUpload& upload) {
  co_return co_await exchange.waiting([&] {
    return core.store.read(
        [&](db::Transaction& transaction) { return registry::ociUploadPieces(transaction, upload); });
  });
}

Task finishUpload(Exchange& exchange, Core& core) {
  std::optional<Call> call;
  Repository repository;
  OciUpload upload;
  Digest digest;
  std::unique_ptr<CheckedWriter> writer;
  co_await enter(exchange, core, writes(ofRepository), dialect(), call);
  std::int64_t room = co_await exchange.waiting([&] {
    repository = repositoryOf(*call, Verb::write);
    digest = requireDigest(queryValue(call->http, "digest").value_or(""));
    upload = getUpload(*call, repository);
    checkRange(call->http, upload, exchange.bodyLength());
    writer = std::make_unique<CheckedWriter>(core.blobs.create(), digest);
    return roomFor(*call, repository, exchange.bodyLength());
  });
  Received received = co_await receivePiece(exchange, *writer, room);
  bool whole = upload.size == 0 && !received.failure;
  if (received.size > 0 && !whole)
    co_await exchange.waiting([&] { keepPiece(*call, repository, upload, writer->inner()); });
  if (received.failure) std::rethrow_exception(received.failure);
  std::exception_ptr wrong;
  blob::Stored content;
  try {
    content = whole ? co_await exchange.waiting([&] { return writer->commit(); })
                    : co_await combine(exchange, core.blobs, co_await piecesOf(exchange, core, upload), digest);
  } catch (const OciError&) {
    wrong = std::current_exception();  // another digest: the upload is over, too
  }
  co_await exchange.waiting([&] {
    core.store.write([&](db::Transaction& transaction) {
      bool mine = registry::removeOciUpload(transaction, upload);
      if (wrong) return;
      if (!mine) throw unknown("BLOB_UPLOAD_UNKNOWN", "another request has ended upload {} in the meantime", upload.id);
      registry::putOciBlob(transaction, repository.key, digest.text, content, call->actor().name);
    });
  });
  if (wrong) std::rethrow_exception(wrong);
  co_await exchange.respond(stored(repository, digest));
}

http::Response status(const Call& call) {
  Repository repository = repositoryOf(call, Verb::write);
  return progress(204, repository, getUpload(call, repository));
}

http::Response cancel(const Call& call) {
  Repository repository = repositoryOf(call, Verb::write);
  OciUpload upload = getUpload(call, repository);
  call.core.store.write([&](db::Transaction& transaction) { registry::removeOciUpload(transaction, upload); });
  return answer(204);
}

}  // namespace

std::span<const StreamRoute> uploadStreams() {
  static constexpr std::string_view path = "/v2/{workspace}/{name...}/blobs/uploads";
  static constexpr std::string_view one = "/v2/{workspace}/{name...}/blobs/uploads/{id}";
  static const StreamRoute all[] = {
      {"POST", path, "Push a blob, or start pushing or mount one", writes(ofRepository), makeStream<startUpload>,
       uploadLimit, false, workspaceOfPath},
      {"GET", one, "Get how much of a blob has arrived", writes(ofRepository), answeredRoute<status, Verb::write>, 1,
       false, workspaceOfPath},
      {"PATCH", one, "Push the next piece of a blob", writes(ofRepository), makeStream<patchUpload>, uploadLimit, false,
       workspaceOfPath},
      {"PUT", one, "Push the last piece of a blob", writes(ofRepository), makeStream<finishUpload>, uploadLimit, false,
       workspaceOfPath},
      {"DELETE", one, "Abort the push of a blob", writes(ofRepository), answeredRoute<cancel, Verb::write>, 1, false,
       workspaceOfPath},
  };
  return all;
}

}  // namespace regesta::api::oci
