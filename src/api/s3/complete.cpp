// The end of a multipart upload: its parts become one file.
#include "api/s3/multipart.h"
#include "api/s3/xml.h"
#include "base/encoding.h"
#include "base/text.h"
#include "base/time.h"
#include "registry/part_join.h"
#include "tracking/artifact.h"

namespace regesta::api::s3 {
namespace {

constexpr std::int64_t patienceMillis = 10'000;  // then a blank goes out, so that nobody takes the connection for dead

struct Completion {
  Call call;
  Query query;
  registry::PartUpload upload;
  std::vector<registry::UploadPart> parts;
  std::string etag;
  About about;
  bool done = false;  ///< by an earlier request, whose answer the client did not get
};

/// An upload that was completed with the same parts, and whose file is still there.
bool wasCompleted(const Completion& completion, db::Transaction& transaction) {
  if (completion.upload.completed != completion.etag) return false;
  auto file = registry::findFile(transaction, completion.call.workspace, completion.upload.path);
  return file && file->facts.etag == completion.etag;
}

/// The size that the client expects of the whole file, if it says one.
void requireSize(const Completion& completion) {
  auto expected = completion.call.http.headers.get("x-amz-mp-object-size");
  if (!expected) return;
  std::uint64_t size = 0;
  for (const registry::UploadPart& part : completion.parts) size += part.content.size;
  if (*expected != std::to_string(size))
    throw fault("InvalidRequest", "the parts together have {} bytes, not what x-amz-mp-object-size says", size);
}

Completion prepare(Core& core, const Entered& request, const std::string& document) {
  requireKnown(request.query, {"uploadId"});
  std::vector<NamedPart> named = readNamedParts(document);
  Completion completion{request.call, request.query, {}, {}, etagOfParts(named), {}};
  core.store.read([&](db::Transaction& transaction) {
    completion.upload = requireOwnUpload(request.call, request.query, transaction);
    completion.done = wasCompleted(completion, transaction);
    if (completion.done) return;
    requireUpload(request.call, request.query, transaction);
    requirePrecondition(request.call.http,
                        registry::findFile(transaction, request.call.workspace, completion.upload.path));
    completion.parts = choose(named, registry::partsOf(transaction, completion.upload.id, 0, registry::partsPerUpload));
  });
  completion.about = About::read(completion.upload.about);
  if (!completion.done) requireSize(completion);
  return completion;
}

/// The file's checksum, from its content or from those of its parts.
class WholeChecksum {
 public:
  explicit WholeChecksum(const Completion& completion) : plan_(ChecksumPlan::read(completion.upload.checksum)) {
    if (!plan_) return;
    computed_ = crypto::Checksum::make(plan_->kind);
    if (plan_->whole) return;
    for (const registry::UploadPart& part : completion.parts) {
      std::string_view value = std::string_view(part.checksum).substr(part.checksum.find(' ') + 1);
      auto raw = part.checksum.empty() ? std::nullopt : base64Decode(value);
      if (!raw) {  // a copied part, or a client that sent none
        plan_.reset();
        return;
      }
      computed_->update(*raw);
    }
    parts_ = completion.parts.size();
  }
  void update(std::string_view content) {
    if (plan_ && plan_->whole) computed_->update(content);
  }
  std::optional<SentChecksum> finish() {
    if (!plan_) return std::nullopt;
    std::string value = base64Encode(computed_->finish());
    return SentChecksum{plan_->kind, plan_->whole ? value : fmt::format("{}-{}", value, parts_)};
  }

 private:
  std::optional<ChecksumPlan> plan_;
  std::unique_ptr<crypto::Checksum> computed_;
  std::size_t parts_ = 0;
};

void keep(Core& core, Completion& completion, const blob::Stored& content) {
  const Call& call = completion.call;
  core.store.change(call.actor(), [&](registry::Change& change) {
    registry::PartUpload upload = requireOwnUpload(call, completion.query, change.transaction);
    completion.upload.completed = upload.completed;
    if (wasCompleted(completion, change.transaction)) return;  // two requests at once
    requireUpload(call, completion.query, change.transaction);
    requirePrecondition(call.http, registry::findFile(change.transaction, call.workspace, upload.path));
    registry::completeUpload(change.transaction, upload, completion.etag);
    tracking::putArtifact(change, call.workspace, upload.path, content, {completion.etag, completion.about.json()},
                          registry::writersOf(completion.parts));
  });
}

std::string result(const Completion& completion) {
  const Call& call = completion.call;
  std::string body;
  XmlWriter xml(body);
  xml.root("CompleteMultipartUploadResult");
  xml.text("Location",
           fmt::format("{}/s3/{}/{}", call.core.publicUrl, call.workspace, encoded(completion.upload.path, true)));
  xml.text("Bucket", call.workspace).text("Key", completion.upload.path);
  xml.text("ETag", fmt::format("\"{}\"", completion.etag));
  if (const auto& sum = completion.about.checksum) {
    xml.text(fmt::format("Checksum{}", toUpper(nameOf(sum->kind))), sum->value);
    xml.text("ChecksumType", sum->value.find('-') == std::string::npos ? "FULL_OBJECT" : "COMPOSITE");
  }
  xml.close();
  return body;
}

/// The checksum that the client expects of the whole file, if it says one.
void requireExpected(const Completion& completion) {
  auto sent = checksumOf(completion.call.http);
  const auto& made = completion.about.checksum;
  if (sent && (!made || made->kind != sent->kind ||
               made->value.substr(0, made->value.find('-')) != sent->value.substr(0, sent->value.find('-'))))
    throw fault("BadDigest", "the parts together do not have the checksum in {}", sent->header());
}

}  // namespace

Task completeUpload(Exchange& exchange, Core& core) {
  Entered request = entered(core, exchange.request());
  // The checksum headers of this request are about the file, not about the document.
  http::Request head = exchange.request();
  auto sent = checksumOf(head);
  http::Headers rest;
  for (const auto& [name, value] : head.headers.all())
    if (!sent || !equalsIgnoreCase(name, sent->header())) rest.add(name, value);
  head.headers = std::move(rest);
  Payload payload(head, request.caller->payload, request.caller->chain);
  std::string document = co_await receiveDocument(exchange, payload);
  Completion completion = co_await exchange.waiting([&] { return prepare(core, request, document); });
  if (completion.done) co_return co_await exchange.respond(xmlResponse(result(completion)));

  WholeChecksum checksum(completion);
  registry::PartJoin join(core.blobs, completion.parts, [&](std::string_view content) { checksum.update(content); });
  bool begun = false;
  std::string failure;
  while (!co_await exchange.waiting([&] { return join.step(nowMillis() + patienceMillis); })) {
    if (!begun) {
      http::Response answer;
      answer.contentType = "application/xml";
      co_await exchange.begin(std::move(answer), std::nullopt);
      co_await exchange.write(xmlDeclaration);
      begun = true;
    }
    co_await exchange.write(" ");
  }
  std::optional<http::Response> refusal;
  co_await exchange.waiting([&] {
    try {
      completion.about.checksum = checksum.finish();
      requireExpected(completion);
      keep(core, completion, join.finish());
    } catch (const Error& failed) {
      if (!begun) throw;
      refusal = renderFault(exchange.request(), failed);  // the status is out already; clients read the document
    }
  });
  if (!begun) co_return co_await exchange.respond(xmlResponse(result(completion)));
  std::string last = refusal ? refusal->body : result(completion);
  co_await exchange.write(std::string_view(last).substr(xmlDeclaration.size()));  // which is out already
  co_await exchange.finish();
}

Task postObject(Exchange& exchange, Core& core) {
  Query query(exchange.request().query);
  if (query.has("uploadId")) co_return co_await completeUpload(exchange, core);
  if (!query.has("uploads")) throw Fault("NotImplemented", "the only POSTs to an object are ?uploads and ?uploadId");
  http::Response answer = co_await exchange.waiting([&] {
    Entered request = entered(core, exchange.request());
    requireKnown(request.query, {"uploads"});
    return createUpload(request.call);
  });
  co_await exchange.respond(std::move(answer));
}

}  // namespace regesta::api::s3
