#include "api/oci/common.h"
#include "api/oci/digest.h"
#include "api/oci/exported.h"
#include "api/oci/front.h"
#include "registry/oci_blob.h"

namespace regesta::api::oci {
namespace {

OciError blobUnknown(const Repository& repository, const Digest& digest) {
  return unknown("BLOB_UNKNOWN", "repository '{}' has no blob {}", repository.path, digest.text);
}

class Get final : public http::StreamHandler {
 public:
  explicit Get(Core& core) : core_(core) {}

  Task handle(Exchange& exchange) override {
    http::Response head;
    std::unique_ptr<blob::Reader> reader;
    http::Selection selection;
    co_await exchange.waiting([&] {
      const http::Request& request = exchange.request();
      Call call = admit(core_, request, reads(ofRepository), dialect());
      Repository repository = repositoryOf(call, Verb::read);
      Digest digest = requireDigest(request.variable("digest"));
      reader = open(repository, digest);
      if (!reader) throw blobUnknown(repository, digest);
      std::string etag = fmt::format("\"{}\"", digest.text);
      selection = http::selectBytes(request, reader->size(), {etag, std::nullopt});
      head = contentHead(selection, "application/octet-stream", digest.text);
      head.headers.set("Content-Security-Policy", "sandbox; default-src 'none'; frame-ancestors 'none'");
    });
    if (!selection.sends()) co_return co_await exchange.respond(std::move(head));
    co_await send(exchange, std::move(head), *reader, selection);
  }

 private:
  /// Where the bytes are gone, the blob counts as missing: the next push brings it again.
  std::unique_ptr<blob::Reader> open(const Repository& repository, const Digest& digest) {
    bool empty = false;
    auto stored = core_.store.read([&](db::Transaction& transaction) {
      auto found = registry::findOciBlob(transaction, repository.key, digest.text);
      empty = !found && digest.text == emptyConfigDigest && exportsAny(transaction, repository.key);
      return found;
    });
    if (empty) return readText(std::string(emptyConfig));
    return stored ? core_.blobs.open(stored->digest) : nullptr;
  }
  Core& core_;
};

/// A blob that a manifest refers to goes with its version.
http::Response remove(const Call& call) {
  Repository repository = repositoryOf(call, Verb::write);
  Digest digest = requireDigest(call.http.variable("digest"));
  call.core.store.write([&](db::Transaction& transaction) {
    auto stored = registry::findOciBlob(transaction, repository.key, digest.text);
    if (!stored) throw blobUnknown(repository, digest);
    if (std::int64_t number = registry::versionWithContent(transaction, repository.key, stored->digest))
      throw error(Code::denied, "{}@{} has the blob {}; delete the manifest first", repository.key.subject(), number,
                  digest.text);
    registry::removeOciBlob(transaction, repository.key, digest.text);
  });
  return answer(202);
}

}  // namespace

std::span<const StreamRoute> blobStreams() {
  static constexpr std::string_view path = "/v2/{workspace}/{name...}/blobs/{digest}";
  static const StreamRoute all[] = {
      {"GET", path, "Download a blob", reads(ofRepository), makeStream<Get>, 1, false, workspaceOfPath},
      {"DELETE", path, "Delete a blob that no manifest refers to", writes(ofRepository),
       answeredRoute<remove, Verb::write>, 1, false, workspaceOfPath},
  };
  return all;
}

}  // namespace regesta::api::oci
