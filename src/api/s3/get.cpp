#include "api/s3/handlers.h"
#include "base/text.h"

namespace regesta::api::s3 {
namespace {

/// Query parameters that replace headers of the answer, for links that are handed on.
constexpr std::pair<std::string_view, std::string_view> overrides[] = {
    {"response-cache-control", "Cache-Control"},       {"response-content-disposition", "Content-Disposition"},
    {"response-content-encoding", "Content-Encoding"}, {"response-content-language", "Content-Language"},
    {"response-content-type", "Content-Type"},         {"response-expires", "Expires"}};

void setHeaders(http::Response& head, const http::Request& request, const Query& query, const About& about) {
  head.contentType.clear();  // as the client stored it: the server adds no charset
  head.headers.set("Content-Type", "binary/octet-stream");
  for (const auto& [name, value] : about.headers) head.headers.set(name, value);
  for (const auto& [name, value] : about.meta) head.headers.set("x-amz-meta-" + name, value);
  for (const auto& [parameter, name] : overrides)
    if (query.has(parameter)) head.headers.set(name, query.text(parameter));
  bool wanted = equalsIgnoreCase(request.headers.get("x-amz-checksum-mode").value_or(""), "enabled");
  if (wanted && about.checksum && head.status == 200) {
    head.headers.set(about.checksum->header(), about.checksum->value);
    bool composite = about.checksum->value.find('-') != std::string::npos;
    head.headers.set("x-amz-checksum-type", composite ? "COMPOSITE" : "FULL_OBJECT");
  }
  // Anybody's bytes under a type of their choice: no browser may run them as a page of this server.
  head.headers.set("Content-Security-Policy", "sandbox; default-src 'none'; frame-ancestors 'none'");
}

struct Found {
  registry::TreeFile file;
  std::unique_ptr<blob::Reader> reader;
};

Found open(Core& core, const Entered& request) {
  auto path = pathOfKey(request.call.http.variable("key"));
  Found found;
  found.file = core.store.read([&](db::Transaction& transaction) {
    if (!path) {
      request.call.require(access::Verb::read, "*");  // who may read all may know that it cannot be there
      throw Fault("NoSuchKey", "there is no such key");
    }
    return requireFile(request.call, transaction, *path);
  });
  found.reader = core.blobs.open(found.file.digest);
  if (!found.reader) throw error(Code::corrupt, "the content of '{}' is missing from the store", found.file.path);
  return found;
}

void refuse(const http::Selection& selection, const registry::TreeFile& file) {
  if (selection.status == 412) throw Fault("PreconditionFailed", "the object is not what the request's conditions say");
  if (selection.status == 416)
    throw fault("InvalidRange", "the range begins after the end of the object, which has {} bytes", file.size);
}

}  // namespace

registry::TreeFile requireFile(const Call& call, db::Transaction& transaction, std::string_view path) {
  requirePath(call, access::Verb::read, transaction, path);
  auto file = registry::findFile(transaction, call.workspace, path);
  if (!file) throw fault("NoSuchKey", "there is no file '{}' in workspace '{}'", path, call.workspace);
  return *std::move(file);
}

Task getObject(Exchange& exchange, Core& core) {
  Found found;
  http::Response head;
  http::Selection selection;
  std::optional<http::Response> whole;
  co_await exchange.waiting([&] {
    Entered request = entered(core, exchange.request());
    if (request.query.has("uploadId")) {
      whole = listParts(request.call, request.query);
      return;
    }
    requireKnown(request.query, {"response-cache-control", "response-content-disposition", "response-content-encoding",
                                 "response-content-language", "response-content-type", "response-expires"});
    found = open(core, request);
    std::string etag = etagOf(found.file);
    selection = http::selectBytes(exchange.request(), found.reader->size(), {etag, found.file.modifiedAt / 1000});
    refuse(selection, found.file);
    head.status = selection.status;
    head.headers = selection.headers;
    if (selection.sends()) setHeaders(head, exchange.request(), request.query, About::read(found.file.facts.about));
  });
  if (whole) co_return co_await exchange.respond(*std::move(whole));
  if (!selection.sends()) co_return co_await exchange.respond(std::move(head));
  co_await send(exchange, std::move(head), *found.reader, selection);
}

}  // namespace regesta::api::s3
