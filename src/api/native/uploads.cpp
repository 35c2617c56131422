#include "api/native/uploads.h"

#include "base/encoding.h"
#include "base/text.h"
#include "registry/blob_alias.h"
#include "registry/storage_quota.h"

namespace regesta::api::native {
namespace {

constexpr std::int64_t longestUpload = std::int64_t{1} << 40;

Error noSuchUpload() {
  return Error(Code::notFound,
               "there is no such upload of yours; it may have been removed after seven days. Begin it again");
}

std::int64_t lengthOf(const http::Request& request) {
  auto length = parseInteger(request.headers.get("Upload-Length").value_or(""));
  if (!length || *length < 0) throw Invalid("Upload-Length", "must be the number of bytes");
  if (*length > longestUpload) throw error(Code::tooLarge, "an upload has at most {} bytes", longestUpload);
  return *length;
}

/// Of "key base64, key base64, …".
std::string announcedDigest(const http::Request& request) {
  for (std::string_view rest = request.headers.get("Upload-Metadata").value_or(""); !rest.empty();) {
    std::size_t comma = rest.find(',');
    std::string_view pair = trim(rest.substr(0, comma));
    rest = comma == rest.npos ? std::string_view() : rest.substr(comma + 1);
    if (!pair.starts_with("sha256 ")) continue;
    auto digest = base64Decode(trim(pair.substr(7)));
    if (!digest || !blob::isDigest(*digest))
      throw Invalid("Upload-Metadata", "the value of sha256 must be the base64 of 64 lower-case hexadecimal digits");
    return *digest;
  }
  return {};
}

std::string aboutText(std::int64_t length, const std::string& sha256) {
  return writeJson(json::object{{"length", length}, {"sha256", sha256}});
}

ResumableUpload readUpload(db::Transaction& transaction, registry::PartUpload upload) {
  json::value about = parseJson(upload.about);
  ResumableUpload read{.length = memberInteger(about.as_object(), "length"),
                       .sha256 = memberText(about.as_object(), "sha256")};
  for (const registry::UploadPart& part :
       registry::partsOf(transaction, upload.id, 0, static_cast<std::size_t>(registry::partsPerUpload))) {
    read.offset += static_cast<std::int64_t>(part.content.size);
    read.parts = part.number;
  }
  if (!upload.completed.empty()) read.offset = read.length;
  read.upload = std::move(upload);
  return read;
}

}  // namespace

ResumableUpload beginUpload(const Call& call) {
  std::int64_t length = lengthOf(call.http);
  std::string sha256 = announcedDigest(call.http);
  registry::PartUpload wanted{
      .workspace = call.workspace, .about = aboutText(length, sha256), .createdBy = call.actor().name};
  return call.core.store.write([&](db::Transaction& transaction) {
    if (!sha256.empty())
      if (auto known = registry::findBlobUpload(transaction, wanted)) return readUpload(transaction, *std::move(known));
    registry::requireStorage(transaction, call.workspace, length);
    wanted.id = registry::createUpload(transaction, wanted);
    return ResumableUpload{wanted, length, 0, sha256, 0};
  });
}

ResumableUpload requireUpload(const Call& call, db::Transaction& transaction, std::string_view id) {
  auto upload = registry::findUpload(transaction, id);
  if (!upload || upload->workspace != call.workspace || !upload->path.empty() || upload->createdBy != call.actor().name)
    throw noSuchUpload();
  return readUpload(transaction, *std::move(upload));
}

void appendToUpload(const Call& call, ResumableUpload& upload, const blob::Stored& content) {
  call.core.store.write([&](db::Transaction& transaction) {
    ResumableUpload now = requireUpload(call, transaction, upload.upload.id);
    if (!now.upload.completed.empty() || now.offset != upload.offset)
      throw error(Code::conflict, "the upload has {} bytes, not {}: another request added some", now.offset,
                  upload.offset);
    if (now.parts == registry::partsPerUpload)
      throw error(Code::tooLarge, "an upload comes in at most {} pieces; send larger ones", registry::partsPerUpload);
    registry::putPart(transaction, now.upload, {now.parts + 1, content, {}, {}, 0, {call.actor().name}});
  });
  upload.offset += static_cast<std::int64_t>(content.size);
  ++upload.parts;
}

void finishUpload(const Call& call, ResumableUpload& upload, const blob::Stored& content) {
  bool wrong = !upload.sha256.empty() && content.digest != upload.sha256;
  call.core.store.write([&](db::Transaction& transaction) {
    ResumableUpload now = requireUpload(call, transaction, upload.upload.id);
    if (!now.upload.completed.empty()) return;  // by a request at the same time
    if (wrong) return registry::removeUpload(transaction, now.upload);
    registry::completeUpload(transaction, now.upload, content.digest);
    registry::takeStorage(transaction, call.workspace, static_cast<std::int64_t>(content.size));
    registry::noteUpload(transaction, call.workspace, content, call.actor().name);
  });
  if (wrong)
    throw error(Code::invalid, "the content has the SHA-256 {}, not {} as announced; nothing was stored",
                content.digest, upload.sha256);
  upload.upload.completed = content.digest;
}

}  // namespace regesta::api::native
