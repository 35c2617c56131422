#include "api/s3/handlers.h"
#include "api/s3/xml.h"
#include "base/text.h"
#include "tracking/artifact.h"

namespace regesta::api::s3 {
namespace {

constexpr std::size_t keysAtOnce = 1000, keysPerChange = 100;

/// Conditions that would be passed over otherwise.
void requireNoOtherConditions(const http::Request& request) {
  for (std::string_view name : {"x-amz-if-match-last-modified-time", "x-amz-if-match-size", "x-amz-mfa"})
    if (request.headers.get(name)) throw fault("NotImplemented", "the header {} is not supported", name);
}

struct Doomed {
  std::string key;
  std::string etag;  ///< that the object must have; empty: any
};

/// Removes one file; nothing to do without one. Never a folder.
void removeFile(const Call& call, registry::Change& change, const Doomed& doomed) {
  std::string_view key = doomed.key;
  auto path = pathOfKey(key);
  std::string_view place = key.ends_with('/') ? key.substr(0, key.size() - 1) : key;
  if (!path && !pathOfKey(place)) return;
  requirePath(call, access::Verb::write, change.transaction, place);
  if (!path) return;
  auto file = registry::findFile(change.transaction, call.workspace, *path);
  if (call.http.headers.get("If-Match")) requirePrecondition(call.http, file);
  if (!doomed.etag.empty() && file && doomed.etag != "*" && fmt::format("\"{}\"", doomed.etag) != etagOf(*file))
    throw Fault("PreconditionFailed", "the object has another ETag");
  if (file) tracking::removeArtifacts(change, call.workspace, *path);
}

struct Wanted {
  std::vector<Doomed> keys;
  bool quiet = false;
};

Wanted readKeys(const std::string& document) {
  XmlElement root = parseXml(document);
  if (root.name != "Delete") throw Fault("MalformedXML", "the document must be <Delete>");
  Wanted wanted;
  wanted.quiet = root.childText("Quiet") == "true";
  for (const XmlElement& object : root.children) {
    if (object.name != "Object") continue;
    const XmlElement* key = object.child("Key");
    if (!key || key->text.empty()) throw Fault("MalformedXML", "an <Object> has no <Key>");
    if (std::string version = object.childText("VersionId"); !version.empty() && version != "null")
      throw Fault("NotImplemented", "versions of objects are not supported");
    if (object.child("Size") || object.child("LastModifiedTime"))
      throw Fault("NotImplemented", "the only condition of an <Object> that is supported is its <ETag>");
    std::string etag = object.childText("ETag");
    std::erase(etag, '"');
    wanted.keys.push_back({key->text, std::move(etag)});
  }
  if (wanted.keys.empty() || wanted.keys.size() > keysAtOnce)
    throw fault("MalformedXML", "name 1 to {} keys, not {}", keysAtOnce, wanted.keys.size());
  return wanted;
}

/// One key's outcome: no name means that it is gone.
struct Outcome {
  std::string_view name;
  std::string message;
};

/// A refusal for one key leaves the others; it was thrown before anything was written for it.
Outcome removeOne(const Call& call, registry::Change& change, const Doomed& doomed) {
  try {
    removeFile(call, change, doomed);
    return {};
  } catch (const Error& failure) {
    bool refusal = failure.code == Code::denied || failure.code == Code::invalidState ||
                   failure.code == Code::invalid || failure.code == Code::conflict;
    if (!refusal) throw;
    FaultText text = textOf(failure, call.http.id);
    return {text.name, text.message};
  }
}

std::string removeAll(const Call& call, const Wanted& wanted) {
  std::vector<Outcome> outcomes;
  for (std::size_t at = 0; at < wanted.keys.size(); at += keysPerChange) {
    std::vector<Outcome> part = call.core.store.change(call.actor(), [&](registry::Change& change) {
      std::vector<Outcome> done;
      for (std::size_t i = at; i < std::min(at + keysPerChange, wanted.keys.size()); ++i)
        done.push_back(removeOne(call, change, wanted.keys[i]));
      return done;
    });
    for (Outcome& one : part) outcomes.push_back(std::move(one));
  }
  std::string body;
  XmlWriter xml(body);
  xml.root("DeleteResult");
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    if (!outcomes[i].name.empty())
      xml.open("Error")
          .text("Key", wanted.keys[i].key)
          .text("Code", outcomes[i].name)
          .text("Message", outcomes[i].message)
          .close();
    else if (!wanted.quiet)
      xml.open("Deleted").text("Key", wanted.keys[i].key).close();
  }
  xml.close();
  return body;
}

}  // namespace

Task postBucket(Exchange& exchange, Core& core) {
  Entered request = entered(core, exchange.request());
  if (!request.query.has("delete"))
    throw Fault("NotImplemented", "the only POST to a bucket is ?delete; uploads by form are not supported");
  requireKnown(request.query, {"delete"});
  Payload payload(exchange.request(), request.caller->payload, request.caller->chain);
  std::string document = co_await receiveDocument(exchange, payload);
  http::Response answer =
      co_await exchange.waiting([&] { return xmlResponse(removeAll(request.call, readKeys(document))); });
  co_await exchange.respond(std::move(answer));
}

Task deleteObject(Exchange& exchange, Core& core) {
  http::Response answer = co_await exchange.waiting([&]() -> http::Response {
    Entered request = entered(core, exchange.request());
    if (request.query.has("uploadId")) return abortUpload(request.call, request.query);
    requireKnown(request.query, {});
    requireNoOtherConditions(exchange.request());
    core.store.change(request.call.actor(), [&](registry::Change& change) {
      removeFile(request.call, change, {std::string(exchange.request().variable("key")), {}});
    });
    return {204, {}, {}, {}};
  });
  co_await exchange.respond(std::move(answer));
}

}  // namespace regesta::api::s3
