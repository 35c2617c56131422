#include "api/mlflow/multipart.h"

#include <algorithm>
#include <limits>

#include "api/mlflow/artifacts.h"
#include "api/mlflow/part_address.h"
#include "api/tracking_scope.h"
#include "registry/part_join.h"
#include "registry/tree.h"
#include "tracking/artifact.h"

namespace regesta::api::mlflow {
namespace {

using access::Verb;

struct CreateUploadRequest {
  std::string folder;  ///< of the path
  std::string path;    ///< of the file on the client's disk, whose name it keeps
  std::int64_t num_parts = 1;
  static constexpr Field fields[] = {field<&CreateUploadRequest::folder>("folder", required),
                                     field<&CreateUploadRequest::path>("path", required),
                                     field<&CreateUploadRequest::num_parts>("num_parts")};
};
struct PartCredential {
  std::string url;
  std::int64_t part_number = 0;
  static constexpr Field fields[] = {field<&PartCredential::url>("url"),
                                     field<&PartCredential::part_number>("part_number")};
};
struct CreatedUpload {
  std::string upload_id;
  std::vector<PartCredential> credentials;
  static constexpr Field fields[] = {field<&CreatedUpload::upload_id>("upload_id"),
                                     field<&CreatedUpload::credentials>("credentials")};
};
struct SentPart {
  std::int64_t part_number = 0;
  std::string etag;
  std::string url;
  static constexpr Field fields[] = {field<&SentPart::part_number>("part_number", required),
                                     field<&SentPart::etag>("etag", required), field<&SentPart::url>("url")};
};
struct EndUploadRequest {
  std::string folder, path, upload_id;
  std::vector<SentPart> parts;
  static constexpr Field fields[] = {
      field<&EndUploadRequest::folder>("folder", required), field<&EndUploadRequest::path>("path", required),
      field<&EndUploadRequest::upload_id>("upload_id", required), field<&EndUploadRequest::parts>("parts")};
};

/// Clients name the file by its path on their disk, with '\' on Windows.
std::string pathOf(std::string_view folder, std::string_view file) {
  return registry::safePath(fmt::format("{}/{}", folder, file.substr(file.find_last_of("/\\") + 1)));
}

CreatedUpload create(Call& call, const CreateUploadRequest& in) {
  if (in.num_parts < 0 || in.num_parts > registry::partsPerUpload)
    throw Invalid("num_parts", fmt::format("must be 0 to {}; send larger parts", registry::partsPerUpload));
  registry::PartUpload upload{
      .workspace = call.workspace, .path = pathOf(in.folder, in.path), .createdBy = call.actor().name};
  upload.id = call.core.store.write([&](db::Transaction& transaction) {
    requirePath(call, Verb::write, transaction, upload.path);
    return registry::createUpload(transaction, upload);
  });
  CreatedUpload answer{upload.id, {}};
  PartAddresses addresses(call, upload);
  // Of an empty file clients announce no part; they send one.
  for (std::int64_t number = 1; number <= std::max<std::int64_t>(in.num_parts, 1); ++number)
    answer.credentials.push_back({addresses.of(number), number});
  return answer;
}

/// The upload that a request names, if the caller began it and may still write there.
registry::PartUpload requireOwnUpload(const Call& call, db::Transaction& transaction, const EndUploadRequest& in) {
  std::string path = pathOf(in.folder, in.path);
  requirePath(call, Verb::write, transaction, path);
  auto upload = registry::findUpload(transaction, in.upload_id);
  if (!upload || upload->workspace != call.workspace || upload->path != path || upload->createdBy != call.actor().name)
    throw uploadNotFound();
  return *std::move(upload);
}

/// Whether an earlier request did it, whose answer the client did not get.
bool wasCompleted(const registry::PartUpload& upload, db::Transaction& transaction, const std::string& etag) {
  if (upload.completed.empty()) return false;
  auto file = registry::findFile(transaction, upload.workspace, upload.path);
  if (upload.completed != etag || !file || file->facts.etag != etag) throw uploadNotFound();
  return true;
}

/// The stored parts that the client names, in its order.
std::vector<registry::UploadPart> chosenParts(const std::vector<registry::UploadPart>& stored,
                                              const std::vector<std::string>& etags, const EndUploadRequest& in) {
  std::vector<registry::UploadPart> chosen;
  for (std::size_t i = 0; i < in.parts.size(); ++i) {
    std::int64_t number = in.parts[i].part_number;
    if (!chosen.empty() && chosen.back().number >= number)
      throw Invalid("parts", "must be in ascending order of 'part_number', each once");
    const registry::UploadPart* found = registry::findPart(stored, number, etags[i]);
    if (!found) throw Invalid("parts", fmt::format("part {} was not uploaded, or its ETag differs", number));
    chosen.push_back(*found);
  }
  return chosen;
}

Empty complete(Call& call, const EndUploadRequest& in) {
  std::vector<std::string> etags;
  for (const SentPart& part : in.parts) etags.push_back(registry::unquotedEtag(part.etag));
  std::string etag = registry::etagOfParts(etags);
  bool done = false;
  std::vector<registry::UploadPart> parts = call.core.store.read([&](db::Transaction& transaction) {
    registry::PartUpload upload = requireOwnUpload(call, transaction, in);
    done = wasCompleted(upload, transaction, etag);
    if (done) return std::vector<registry::UploadPart>();
    return chosenParts(registry::partsOf(transaction, upload.id, 0, registry::partsPerUpload), etags, in);
  });
  if (done) return {};
  std::set<std::string> writers = registry::writersOf(parts);
  registry::PartJoin join(call.core.blobs, std::move(parts));
  join.step(std::numeric_limits<std::int64_t>::max());
  blob::Stored content = join.finish();
  call.core.store.change(call.actor(), [&](registry::Change& change) {
    registry::PartUpload upload = requireOwnUpload(call, change.transaction, in);  // it may have been aborted
    if (wasCompleted(upload, change.transaction, etag)) return;                    // two requests at once
    registry::completeUpload(change.transaction, upload, etag);
    tracking::putArtifact(change, call.workspace, upload.path, content, {.etag = etag, .about = {}}, writers);
  });
  return {};
}

Empty abort(Call& call, const EndUploadRequest& in) {
  call.core.store.write([&](db::Transaction& transaction) {
    registry::PartUpload upload = requireOwnUpload(call, transaction, in);
    if (!upload.completed.empty()) throw uploadNotFound();
    registry::removeUpload(transaction, upload);
  });
  return {};
}

}  // namespace

std::span<const Route> multipartRoutes() {
  static const Route routes[] = {
      post("/api/2.0/mlflow-artifacts/mpu/create/{folder...}", "Start a multipart upload", writes(artifactsOfOwner),
           create),
      post("/api/2.0/mlflow-artifacts/mpu/complete/{folder...}", "Complete a multipart upload",
           writes(artifactsOfOwner), complete),
      post("/api/2.0/mlflow-artifacts/mpu/abort/{folder...}", "Abort a multipart upload", writes(artifactsOfOwner),
           abort),
  };
  return routes;
}

}  // namespace regesta::api::mlflow
