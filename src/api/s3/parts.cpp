// Multipart uploads: begin, send parts, list, abort. complete.cpp ends them.
#include "api/s3/multipart.h"
#include "api/s3/xml.h"
#include "base/text.h"
#include "base/time.h"
#include "registry/storage_quota.h"

namespace regesta::api::s3 {
namespace {

constexpr std::int64_t pageLimit = 1000;

std::size_t limitOf(const Query& query, std::string_view name) {
  if (!query.has(name)) return pageLimit;
  auto limit = parseInteger(query.text(name));
  if (!limit || *limit < 0) throw fault("InvalidArgument", "{} must be a whole number, at least 0", name);
  return static_cast<std::size_t>(std::min(*limit, pageLimit));
}

struct Part {
  Call call;
  Query query;
  registry::PartUpload upload;
  std::int64_t number = 0;
  Payload payload;
};

/// Without a checksum that the upload is to have, it could not be completed.
void requirePlanned(const registry::PartUpload& upload, const std::optional<SentChecksum>& sent) {
  auto plan = ChecksumPlan::read(upload.checksum);
  if (plan && sent && plan->kind != sent->kind)
    throw fault("InvalidRequest", "the upload has checksums {}, the part has {}", nameOf(plan->kind),
                nameOf(sent->kind));
}

Part beginPart(Core& core, Entered request) {
  requireKnown(request.query, {"uploadId", "partNumber"});
  std::int64_t number = partNumberOf(request.query);
  Payload payload(request.call.http, request.caller->payload, request.caller->chain);
  registry::PartUpload upload = core.store.read([&](db::Transaction& transaction) {
    registry::PartUpload found = requireUpload(request.call, request.query, transaction);
    registry::requireStorage(transaction, request.call.workspace,
                             static_cast<std::int64_t>(payload.declaredSize().value_or(1)));
    return found;
  });
  return {request.call, request.query, std::move(upload), number, std::move(payload)};
}

void keepPart(Core& core, const Part& part, const blob::Stored& content, const std::string& etag,
              const std::optional<SentChecksum>& checksum, std::set<std::string> writers) {
  writers.insert(part.call.actor().name);
  requirePlanned(part.upload, checksum);
  core.store.write([&](db::Transaction& transaction) {
    registry::PartUpload upload = requireUpload(part.call, part.query, transaction);  // it may have been aborted
    std::string sum = checksum ? fmt::format("{} {}", nameOf(checksum->kind), checksum->value) : std::string();
    registry::putPart(transaction, upload, {part.number, content, etag, sum, 0, writers});
  });
}

/// The bytes of a source, or a range of them.
struct PartSource {
  std::unique_ptr<blob::Reader> reader;
  std::uint64_t from = 0, end = 0;
  std::set<std::string> writers;
};

PartSource openSource(Core& core, const Call& call) {
  Source source = readSource(*call.http.headers.get("x-amz-copy-source"));
  registry::TreeFile file = readableSource(call, source);
  PartSource opened{core.blobs.open(file.digest)};
  if (!opened.reader) throw error(Code::corrupt, "the content of '{}' is missing from the store", file.path);
  opened.end = opened.reader->size();
  opened.writers = file.writers;
  auto range = call.http.headers.get("x-amz-copy-source-range");
  if (!range) return opened;
  std::size_t dash = range->find('-');
  auto number = [](std::string_view text) { return parseInteger(text).value_or(-1); };
  std::int64_t from = range->starts_with("bytes=") && dash != range->npos ? number(range->substr(6, dash - 6)) : -1;
  std::int64_t last = dash == range->npos ? -1 : number(range->substr(dash + 1));
  if (from < 0 || last < from || static_cast<std::uint64_t>(last) >= opened.end)
    throw Fault("InvalidArgument", "x-amz-copy-source-range must be bytes=FIRST-LAST inside the source");
  opened.from = static_cast<std::uint64_t>(from);
  opened.end = static_cast<std::uint64_t>(last) + 1;
  return opened;
}

}  // namespace

http::Response createUpload(const Call& call) {
  About about = aboutOf(call.http);
  auto plan = planOf(call.http);
  registry::PartUpload upload{.workspace = call.workspace,
                              .path = newPathOfKey(call.http.variable("key")),
                              .about = about.json(),
                              .checksum = plan ? plan->text() : std::string(),
                              .createdBy = call.actor().name};
  upload.id = call.core.store.write([&](db::Transaction& transaction) {
    requirePath(call, access::Verb::write, transaction, upload.path);
    return registry::createUpload(transaction, upload);
  });
  std::string body;
  XmlWriter xml(body);
  xml.root("InitiateMultipartUploadResult").text("Bucket", call.workspace).text("Key", upload.path);
  xml.text("UploadId", upload.id).close();
  http::Response answer = xmlResponse(std::move(body));
  if (plan) {
    answer.headers.set("x-amz-checksum-algorithm", toUpper(nameOf(plan->kind)));
    answer.headers.set("x-amz-checksum-type", plan->whole ? "FULL_OBJECT" : "COMPOSITE");
  }
  return answer;
}

Task uploadPart(Exchange& exchange, Core& core) {
  Part part = co_await exchange.waiting([&] { return beginPart(core, entered(core, exchange.request())); });
  blob::Stored content = co_await receiveContent(exchange, core, part.payload);
  co_await exchange.waiting([&] { keepPart(core, part, content, part.payload.md5(), part.payload.checksum(), {}); });
  http::Response answer;
  answer.contentType.clear();
  answer.headers.set("ETag", fmt::format("\"{}\"", part.payload.md5()));
  if (const auto& sum = part.payload.checksum()) answer.headers.set(sum->header(), sum->value);
  co_await exchange.respond(std::move(answer));
}

Task copyPart(Exchange& exchange, Core& core) {
  PartSource source;
  Part part = co_await exchange.waiting([&] {
    Part begun = beginPart(core, entered(core, exchange.request()));
    source = openSource(core, begun.call);
    return begun;
  });
  std::unique_ptr<blob::Writer> writer = core.blobs.create();
  crypto::Md5 md5;
  std::vector<char> piece(1024 * 1024);
  while (source.from < source.end)
    co_await exchange.waiting([&] {
      std::size_t count = source.reader->read(
          source.from,
          {piece.data(), static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), source.end - source.from))});
      if (count == 0) throw Error(Code::corrupt, "a stored file is shorter than it was when it was stored");
      md5.update({piece.data(), count});
      writer->write({piece.data(), count});
      source.from += count;
    });
  std::string etag = md5.finish();
  co_await exchange.waiting([&] { keepPart(core, part, writer->commit(), etag, std::nullopt, source.writers); });
  std::string body;
  XmlWriter xml(body);
  xml.root("CopyPartResult")
      .text("LastModified", isoTime(nowMillis()))
      .text("ETag", fmt::format("\"{}\"", etag))
      .close();
  co_await exchange.respond(xmlResponse(std::move(body)));
}

http::Response abortUpload(const Call& call, const Query& query) {
  requireKnown(query, {"uploadId"});
  if (call.http.headers.get("x-amz-if-match-initiated-time"))
    throw Fault("NotImplemented", "the header x-amz-if-match-initiated-time is not supported");
  call.core.store.write([&](db::Transaction& transaction) {
    registry::removeUpload(transaction, requireUploadToAbort(call, query, transaction));
  });
  return {204, {}, {}, {}};
}

http::Response listParts(const Call& call, const Query& query) {
  requireKnown(query, {"uploadId", "max-parts", "part-number-marker"});
  std::size_t limit = limitOf(query, "max-parts");
  std::int64_t after = parseInteger(query.text("part-number-marker")).value_or(0);
  std::vector<registry::UploadPart> parts = call.core.store.read([&](db::Transaction& transaction) {
    registry::PartUpload upload = requireUpload(call, query, transaction);
    return registry::partsOf(transaction, upload.id, after, limit + 1);
  });
  bool truncated = parts.size() > limit;
  if (truncated) parts.resize(limit);
  std::string body;
  XmlWriter xml(body);
  xml.root("ListPartsResult").text("Bucket", call.workspace).text("Key", call.http.variable("key"));
  xml.text("UploadId", query.text("uploadId")).number("PartNumberMarker", after);
  if (truncated && !parts.empty()) xml.number("NextPartNumberMarker", parts.back().number);
  xml.number("MaxParts", static_cast<std::int64_t>(limit)).flag("IsTruncated", truncated);
  xml.text("StorageClass", "STANDARD");
  for (const registry::UploadPart& part : parts) {
    xml.open("Part").number("PartNumber", part.number).text("LastModified", isoTime(part.modifiedAt));
    xml.text("ETag", fmt::format("\"{}\"", part.etag)).number("Size", static_cast<std::int64_t>(part.content.size));
    xml.close();
  }
  xml.close();
  return xmlResponse(std::move(body));
}

http::Response listUploads(const Call& call, const Query& query) {
  requireKnown(query,
               {"uploads", "prefix", "max-uploads", "key-marker", "upload-id-marker", "encoding-type", "delimiter"});
  if (query.has("delimiter") && !query.text("delimiter").empty())
    throw Fault("NotImplemented", "a delimiter is not supported in a list of uploads");
  bool urls = query.text("encoding-type") == "url";
  auto shown = [&](std::string_view key) { return urls ? encoded(key, true) : std::string(key); };
  std::size_t limit = limitOf(query, "max-uploads");
  std::string afterId = query.text("upload-id-marker");
  if (afterId.empty()) afterId = "~";  // a key-marker alone: after all uploads of that key
  std::vector<registry::PartUpload> found;
  bool truncated = call.core.store.read([&](db::Transaction& transaction) {
    found.clear();
    auto all = registry::uploadsOf(transaction, call.workspace, query.text("prefix"), query.text("key-marker"), afterId,
                                   registry::uploadsPerWorkspace);
    governance::Scope scope = scopeOf(call, transaction);
    for (registry::PartUpload& one : all) {
      if (!scope.path(access::Verb::read, one.path)) continue;
      if (found.size() == limit) return true;
      found.push_back(std::move(one));
    }
    return false;
  });
  std::string body;
  XmlWriter xml(body);
  xml.root("ListMultipartUploadsResult").text("Bucket", call.workspace).text("Prefix", shown(query.text("prefix")));
  xml.text("KeyMarker", shown(query.text("key-marker"))).text("UploadIdMarker", query.text("upload-id-marker"));
  if (truncated && !found.empty())
    xml.text("NextKeyMarker", shown(found.back().path)).text("NextUploadIdMarker", found.back().id);
  xml.number("MaxUploads", static_cast<std::int64_t>(limit)).flag("IsTruncated", truncated);
  for (const registry::PartUpload& one : found) {
    xml.open("Upload").text("Key", shown(one.path)).text("UploadId", one.id);
    xml.open("Initiator").text("ID", one.createdBy).text("DisplayName", one.createdBy).close();
    xml.open("Owner").text("ID", call.workspace).text("DisplayName", call.workspace).close();
    xml.text("StorageClass", "STANDARD").text("Initiated", isoTime(one.createdAt)).close();
  }
  xml.close();
  return xmlResponse(std::move(body));
}

}  // namespace regesta::api::s3
