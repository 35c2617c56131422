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

/// Where the bytes are gone, the blob counts as missing: the next push brings it again.
Content openBlob(const Call& call, const Repository& repository) {
  Digest digest = requireDigest(call.http.variable("digest"));
  bool empty = false;
  auto stored = call.core.store.read([&](db::Transaction& transaction) {
    auto found = registry::findOciBlob(transaction, repository.key, digest.text);
    empty = !found && digest.text == emptyConfigDigest && exportsAny(transaction, repository.key);
    return found;
  });
  std::unique_ptr<blob::Reader> reader;
  if (empty) reader = readText(std::string(emptyConfig));
  if (stored) reader = call.core.blobs.open(stored->digest);
  if (!reader) throw blobUnknown(repository, digest);
  return {std::move(reader), "application/octet-stream", digest.text};
}

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
      {"GET", path, "Download a blob", reads(ofRepository), downloadRoute<openBlob>, 1, false, workspaceOfPath},
      {"DELETE", path, "Delete a blob that no manifest refers to", writes(ofRepository),
       answeredRoute<remove, Verb::write>, 1, false, workspaceOfPath},
  };
  return all;
}

}  // namespace regesta::api::oci
