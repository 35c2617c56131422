#include "api/s3/handlers.h"
#include "api/s3/xml.h"
#include "base/text.h"
#include "base/time.h"
#include "http/conditional.h"
#include "tracking/artifact.h"

namespace regesta::api::s3 {
namespace {

/// x-amz-copy-source-if-… are the usual conditions, about the source.
void requireSourceConditions(const http::Request& request, const registry::TreeFile& source) {
  constexpr std::string_view prefix = "x-amz-copy-source-if-";
  http::Request about;
  for (const auto& [name, value] : request.headers.all())
    if (lower(name).starts_with(prefix)) about.headers.add(fmt::format("If-{}", name.substr(prefix.size())), value);
  std::string etag = etagOf(source);
  if (http::evaluateConditions(about, {etag, source.modifiedAt / 1000}) != http::Condition::proceed)
    throw Fault("PreconditionFailed", "the source is not what the request's conditions say");
}

bool replaces(const http::Request& request) {
  std::string_view directive = request.headers.get("x-amz-metadata-directive").value_or("COPY");
  if (directive != "COPY" && directive != "REPLACE")
    throw Fault("InvalidArgument", "x-amz-metadata-directive must be COPY or REPLACE");
  return directive == "REPLACE";
}

registry::TreeFile copy(const Call& call, const Query& query) {
  requireKnown(query, {});
  const http::Request& request = call.http;
  Source source = readSource(*request.headers.get("x-amz-copy-source"));
  std::string path = newPathOfKey(request.variable("key"));
  bool replace = replaces(request);
  About about = aboutOf(request);
  if (!replace && source.bucket == call.workspace && source.key == path)
    throw Fault("InvalidRequest", "an object is copied to itself only with x-amz-metadata-directive: REPLACE");
  return call.core.store.change(call.actor(), [&](registry::Change& change) {
    db::Transaction& transaction = change.transaction;
    registry::TreeFile file = readableSource(call, source, transaction);
    requirePath(call, access::Verb::write, transaction, path);
    requirePrecondition(request, registry::findFile(transaction, call.workspace, path));
    registry::FileFacts facts = file.facts;
    if (facts.etag.empty()) facts.etag = etagOf(file).substr(1, etagOf(file).size() - 2);
    if (replace) {
      About replaced = about;
      replaced.checksum = About::read(file.facts.about).checksum;  // the content is the same
      facts.about = replaced.json();
    }
    tracking::putArtifact(change, call.workspace, path, {file.digest, static_cast<std::uint64_t>(file.size)}, facts,
                          file.writers);
    return *registry::findFile(transaction, call.workspace, path);
  });
}

}  // namespace

registry::TreeFile readableSource(const Call& call, const Source& source, db::Transaction& transaction) {
  call.identity->require(access::Verb::read, source.bucket);
  auto path = pathOfKey(source.key);
  if (!path) throw Fault("NoSuchKey", "there is no such key as x-amz-copy-source names");
  auto owner = call.http.headers.get("x-amz-source-expected-bucket-owner");
  if (owner && *owner != source.bucket)
    throw Fault("AccessDenied", "the source's owner is not the one in x-amz-source-expected-bucket-owner");
  Call there{call.core, call.http, call.identity, source.bucket};
  registry::TreeFile file = requireFile(there, transaction, *path);
  requireSourceConditions(call.http, file);
  return file;
}

registry::TreeFile readableSource(const Call& call, const Source& source) {
  return call.core.store.read([&](db::Transaction& transaction) { return readableSource(call, source, transaction); });
}

Task copyObject(Exchange& exchange, Core& core) {
  http::Response answer = co_await exchange.waiting([&] {
    Entered request = entered(core, exchange.request());
    registry::TreeFile made = copy(request.call, request.query);
    std::string body;
    XmlWriter xml(body);
    xml.root("CopyObjectResult").text("LastModified", isoTime(made.modifiedAt)).text("ETag", etagOf(made)).close();
    return xmlResponse(std::move(body));
  });
  co_await exchange.respond(std::move(answer));
}

}  // namespace regesta::api::s3
