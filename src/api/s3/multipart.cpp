#include "api/s3/multipart.h"

#include "api/s3/xml.h"
#include "base/encoding.h"
#include "base/text.h"
#include "registry/part_join.h"

namespace regesta::api::s3 {
namespace {

constexpr std::uint64_t smallestPart = 5 * 1024 * 1024;  // but for the last

std::optional<SentChecksum> checksumIn(const XmlElement& part) {
  for (const XmlElement& child : part.children)
    if (child.name.starts_with("Checksum"))
      if (auto kind = crypto::checksumKind(child.name.substr(8)))
        return SentChecksum{*kind, std::string(trim(child.text))};
  return std::nullopt;
}

}  // namespace

std::string ChecksumPlan::text() const { return fmt::format("{} {}", nameOf(kind), whole ? "whole" : "parts"); }

std::optional<ChecksumPlan> ChecksumPlan::read(std::string_view text) {
  auto kind = crypto::checksumKind(text.substr(0, text.find(' ')));
  if (!kind) return std::nullopt;
  return ChecksumPlan{*kind, text.ends_with(" whole")};
}

std::optional<ChecksumPlan> planOf(const http::Request& request) {
  auto algorithm = request.headers.get("x-amz-checksum-algorithm");
  auto type = request.headers.get("x-amz-checksum-type");
  if (!algorithm) {
    if (type) throw Fault("InvalidRequest", "x-amz-checksum-type needs x-amz-checksum-algorithm");
    return std::nullopt;
  }
  auto kind = crypto::checksumKind(*algorithm);
  if (!kind) throw Fault("InvalidRequest", "x-amz-checksum-algorithm must be CRC32, CRC32C, CRC64NVME, SHA1 or SHA256");
  bool onlyWhole = *kind == crypto::ChecksumKind::crc64nvme;
  bool onlyParts = *kind == crypto::ChecksumKind::sha1 || *kind == crypto::ChecksumKind::sha256;
  std::string wanted = type ? std::string(*type) : onlyWhole ? "FULL_OBJECT" : "COMPOSITE";
  if ((wanted != "FULL_OBJECT" && wanted != "COMPOSITE") || (wanted == "COMPOSITE" && onlyWhole) ||
      (wanted == "FULL_OBJECT" && onlyParts))
    throw fault("InvalidRequest", "the checksum {} cannot have the type {}", nameOf(*kind), shorten(wanted, 50));
  return ChecksumPlan{*kind, wanted == "FULL_OBJECT"};
}

namespace {

/// `anybodys`: also uploads that another user or token began. A part of theirs would become content of this caller's,
/// or the reverse.
registry::PartUpload findUploadOf(const Call& call, const Query& query, db::Transaction& transaction, bool anybodys) {
  auto path = pathOfKey(call.http.variable("key"));
  if (path) requirePath(call, access::Verb::write, transaction, *path);
  auto upload = registry::findUpload(transaction, query.text("uploadId"));
  if (!path || !upload || upload->workspace != call.workspace || upload->path != *path ||
      (!anybodys && upload->createdBy != call.actor().name))
    throw Fault("NoSuchUpload",
                "you have no such upload of this key; it may have been completed, aborted or removed after seven days");
  return *std::move(upload);
}

registry::PartUpload underWay(registry::PartUpload upload) {
  if (!upload.completed.empty()) throw Fault("NoSuchUpload", "the upload was completed already");
  return upload;
}

}  // namespace

registry::PartUpload requireOwnUpload(const Call& call, const Query& query, db::Transaction& transaction) {
  return findUploadOf(call, query, transaction, false);
}

registry::PartUpload requireUpload(const Call& call, const Query& query, db::Transaction& transaction) {
  return underWay(requireOwnUpload(call, query, transaction));
}

registry::PartUpload requireUploadToAbort(const Call& call, const Query& query, db::Transaction& transaction) {
  bool administers = call.identity->may(access::Verb::administer, call.workspace, "*");
  return underWay(findUploadOf(call, query, transaction, administers));
}

std::int64_t partNumberOf(const Query& query) {
  auto number = parseInteger(query.text("partNumber"));
  if (!number || *number < 1 || *number > registry::partsPerUpload)
    throw fault("InvalidArgument", "partNumber must be 1 to {}", registry::partsPerUpload);
  return *number;
}

std::vector<NamedPart> readNamedParts(std::string_view document) {
  XmlElement root = parseXml(document);
  if (root.name != "CompleteMultipartUpload")
    throw Fault("MalformedXML", "the document must be <CompleteMultipartUpload>");
  std::vector<NamedPart> named;
  for (const XmlElement& part : root.children) {
    if (part.name != "Part") continue;
    auto number = parseInteger(trim(part.childText("PartNumber")));
    std::string etag = registry::unquotedEtag(part.childText("ETag"));
    if (!number || etag.empty()) throw Fault("MalformedXML", "a <Part> needs a <PartNumber> and an <ETag>");
    if (!named.empty() && named.back().number >= *number)
      throw Fault("InvalidPartOrder", "the parts must be named in ascending order, each once");
    named.push_back({*number, std::move(etag), checksumIn(part)});
  }
  if (named.empty() || named.size() > static_cast<std::size_t>(registry::partsPerUpload))
    throw fault("MalformedXML", "name 1 to {} parts", registry::partsPerUpload);
  return named;
}

std::string etagOfParts(const std::vector<NamedPart>& parts) {
  std::vector<std::string> etags;
  etags.reserve(parts.size());
  for (const NamedPart& part : parts) etags.push_back(part.etag);
  return registry::etagOfParts(etags);
}

std::vector<registry::UploadPart> choose(const std::vector<NamedPart>& named,
                                         const std::vector<registry::UploadPart>& stored) {
  std::vector<registry::UploadPart> chosen;
  for (const NamedPart& want : named) {
    const registry::UploadPart* found = registry::findPart(stored, want.number, want.etag);
    bool there = found;
    if (there && want.checksum)
      there = found->checksum == fmt::format("{} {}", nameOf(want.checksum->kind), want.checksum->value);
    if (!there)
      throw fault("InvalidPart", "part {} was not uploaded, or its ETag or checksum differs from the request's",
                  want.number);
    chosen.push_back(*found);
  }
  for (std::size_t i = 0; i + 1 < chosen.size(); ++i)
    if (chosen[i].content.size < smallestPart)
      throw fault("EntityTooSmall", "part {} has {} bytes; every part but the last has at least {}", chosen[i].number,
                  chosen[i].content.size, smallestPart);
  return chosen;
}

}  // namespace regesta::api::s3
