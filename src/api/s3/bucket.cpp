#include "api/s3/handlers.h"
#include "api/s3/xml.h"
#include "base/limits_edge.h"
#include "base/text.h"
#include "registry/workspace.h"

namespace regesta::api::s3 {
namespace {

std::string buckets(const Call& call) {
  std::vector<registry::Workspace> all =
      call.core.store.read([](db::Transaction& transaction) { return registry::listWorkspaces(transaction); });
  std::string body;
  XmlWriter xml(body);
  xml.root("ListAllMyBucketsResult");
  xml.open("Owner").text("ID", call.actor().name).text("DisplayName", call.actor().name).close();
  xml.open("Buckets");
  for (const registry::Workspace& workspace : all)
    if (call.identity->may(access::Verb::read, workspace.name))
      xml.open("Bucket").text("Name", workspace.name).text("CreationDate", isoTime(workspace.createdAt)).close();
  xml.close().close();
  return body;
}

/// What a bucket says of itself: it has no region, and no versions of objects.
std::string property(std::string_view name) {
  std::string body;
  XmlWriter xml(body);
  xml.root(name).close();
  return body;
}

http::Response answerBucket(const Call& call, const Query& query) {
  if (call.http.method == "HEAD") {
    requireKnown(query, {});
    http::Response answer;
    answer.contentType = "application/xml";
    answer.headers.set("x-amz-bucket-region", "us-east-1");
    return answer;
  }
  if (query.has("location")) {
    requireKnown(query, {"location"});
    return xmlResponse(property("LocationConstraint"));
  }
  if (query.has("versioning")) {
    requireKnown(query, {"versioning"});
    return xmlResponse(property("VersioningConfiguration"));
  }
  return query.has("uploads") ? listUploads(call, query) : listObjects(call, query);
}

/// Workspaces are made by admins of the server, as in the native API.
void requireAdministrator(const Call& call) { call.identity->require(access::Verb::administer, "*", "*"); }

/// Only the region may be in the document, and there is none here.
void checkConfiguration(const http::Request& request, const std::string& document) {
  aboutOf(request);
  if (request.headers.get("x-amz-bucket-object-lock-enabled").value_or("false") != "false")
    throw Fault("NotImplemented", "object locks are not supported");
  if (document.empty()) return;
  for (const XmlElement& element : parseXml(document).children)
    if (element.name != "LocationConstraint")
      throw fault("NotImplemented", "<{}> of a bucket is not supported", shorten(element.name, 100));
}

http::Response createBucket(const Call& call, const Query& query, const std::string& document) {
  requireKnown(query, {});
  checkConfiguration(call.http, document);
  const std::string& name = call.workspace;
  bool exists = call.core.store.read(
      [&](db::Transaction& transaction) { return registry::findWorkspace(transaction, name).has_value(); });
  if (exists && call.identity->may(access::Verb::write, name))
    throw fault("BucketAlreadyOwnedByYou", "the workspace '{}' already exists", name);
  requireAdministrator(call);
  call.core.store.change(call.actor(), [&](registry::Change& change) {
    try {
      registry::createWorkspace(change, name, "");
    } catch (const Invalid& wrong) {
      throw fault("InvalidBucketName", "the name of a workspace {}", wrong.rule);
    }
  });
  http::Response answer;
  answer.contentType.clear();
  answer.headers.set("Location", "/" + name);
  return answer;
}

http::Response removeBucket(const Call& call, const Query& query) {
  requireKnown(query, {});
  requireAdministrator(call);
  call.core.store.change(call.actor(), [&](registry::Change& change) {
    if (!registry::findWorkspace(change.transaction, call.workspace))
      throw fault("NoSuchBucket", "there is no workspace '{}'", shorten(call.workspace, 100));
    try {
      registry::deleteWorkspace(change, call.workspace);
    } catch (const Error& failure) {
      if (failure.code != Code::invalidState) throw;
      throw Fault("BucketNotEmpty", failure.message);
    }
  });
  return {204, {}, {}, {}};
}

}  // namespace

Task listBuckets(Exchange& exchange, Core& core) {
  http::Response answer = co_await exchange.waiting([&] {
    Entered request = entered(core, exchange.request());
    requireKnown(request.query, {});
    return xmlResponse(buckets(request.call));
  });
  co_await exchange.respond(std::move(answer));
}

Task getBucket(Exchange& exchange, Core& core) {
  http::Response answer = co_await exchange.reading([&] {
    Entered request = entered(core, exchange.request());
    return answerBucket(request.call, request.query);
  });
  co_await exchange.respond(std::move(answer));
}

Task putBucket(Exchange& exchange, Core& core) {
  Entered request = entered(core, exchange.request());
  Payload payload(exchange.request(), request.caller->payload, request.caller->chain);
  std::string document = co_await receiveDocument(exchange, payload);
  http::Response answer =
      co_await exchange.waiting([&] { return createBucket(request.call, request.query, document); });
  co_await exchange.respond(std::move(answer));
}

Task deleteBucket(Exchange& exchange, Core& core) {
  http::Response answer = co_await exchange.waiting([&] {
    Entered request = entered(core, exchange.request());
    return removeBucket(request.call, request.query);
  });
  co_await exchange.respond(std::move(answer));
}

}  // namespace regesta::api::s3
