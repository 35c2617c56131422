#include "api/alias_stream.h"
#include "api/dvc/dialect.h"
#include "api/dvc/front.h"
#include "api/dvc/object.h"
#include "api/dvc/studio.h"
#include "registry/blob_alias.h"

namespace regesta::api::dvc {
namespace {

using http::Exchange;

constexpr std::string_view objects = "every name of the workspace";

Task getObject(Exchange& exchange, Core& core) {
  co_await sendAlias(exchange, core, [&] {
    Call call = admitToAll(core, exchange.request(), reads(objects), dialect());
    return AliasName{call.workspace, objectName(exchange.request()).alias()};
  });
}

Task putObject(Exchange& exchange, Core& core) {
  std::optional<Call> call;
  ObjectName name;
  std::unique_ptr<ObjectWriter> writer;
  co_await exchange.waiting([&] {
    call.emplace(admitToAll(core, exchange.request(), writes(objects), dialect()));
    name = objectName(exchange.request());
    writer = std::make_unique<ObjectWriter>(core.store, call->workspace, name, core.blobs.create());
  });
  co_await receive(exchange, *call, *writer);
  co_await exchange.waiting([&] {
    blob::Stored stored = writer->commit();
    core.store.write([&](db::Transaction& transaction) {
      registry::putBlobAlias(transaction, call->workspace, name.alias(), stored, call->actor().name);
    });
  });
  http::Response answer;
  answer.status = 201;
  co_await exchange.respond(std::move(answer));
}

/// The folder of all objects: DVC asks whether it is there before a fetch.
Task getFolder(Exchange& exchange, Core& core) {
  co_await exchange.waiting([&] { admitToAll(core, exchange.request(), reads(objects), dialect()); });
  http::Response answer;
  answer.contentType = "text/plain; charset=utf-8";
  answer.body = "This is a DVC remote: dvc remote add NAME URL\n";
  co_await exchange.respond(std::move(answer));
}

std::string workspaceOfPath(const http::Request& request) { return std::string(request.variable("workspace")); }

constexpr std::string_view object = "/dvc/{workspace}/files/md5/{head}/{tail}";
const StreamRoute streams[] = {
    {"GET", "/dvc/{workspace}", "Check that a workspace is a DVC remote", reads(objects), makeStream<getFolder>, 1,
     false, workspaceOfPath},
    {"GET", "/dvc/{workspace}/files/md5", "Check that a DVC remote has objects", reads(objects), makeStream<getFolder>,
     1, false, workspaceOfPath},
    {"GET", object, "Download an object of a DVC remote", reads(objects), makeStream<getObject>, 1, false,
     workspaceOfPath},
    {"POST", object, "Upload an object to a DVC remote", writes(objects), makeStream<putObject>, uploadLimit, false,
     workspaceOfPath},
    {"PUT", object, "Upload an object to a DVC remote (method PUT)", writes(objects), makeStream<putObject>,
     uploadLimit, false, workspaceOfPath},
};

}  // namespace

Front front() {
  static constexpr std::string_view below[] = {"/dvc/", "/api/model-registry/"};
  static const std::vector<StreamRoute> all = [] {
    std::vector<StreamRoute> remote(std::begin(streams), std::end(streams));
    remote.insert(remote.end(), studioStreams().begin(), studioStreams().end());
    return remote;
  }();
  return {.dialect = dialect(), .routes = {}, .prefixes = below, .streams = all};
}

}  // namespace regesta::api::dvc
