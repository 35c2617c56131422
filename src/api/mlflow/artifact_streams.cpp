#include "api/mlflow/artifact_find.h"
#include "api/mlflow/artifact_place.h"
#include "api/mlflow/artifact_scope.h"
#include "api/mlflow/artifacts.h"
#include "api/mlflow/dialect.h"
#include "api/streaming.h"
#include "api/tracking_scope.h"
#include "base/file.h"
#include "base/log.h"
#include "registry/tree.h"
#include "tracking/run.h"

namespace regesta::api::mlflow {
namespace {

using governance::Verb;
using http::Exchange;
using Task = http::asio::awaitable<void>;

constexpr std::size_t smallUpload = 10 * 1024 * 1024;  // what the web UI may send at once
constexpr std::size_t anySize = std::numeric_limits<std::size_t>::max();

http::Response refusal(const http::Request& request, const Error& failure) {
  if (httpStatus(failure.code) >= 500)
    log(LogLevel::error, failure.message, {{"request", request.id}, {"path", request.rawPath}});
  return renderError(failure);
}

class Download final : public http::StreamHandler {
 public:
  Download(Core& core, ArtifactFile (*find)(const Call&)) : core_(core), find_(find) {}

  Task handle(Exchange& exchange) override {
    ArtifactFile file;
    http::Selection selection;
    http::Response head;
    std::function<void()> find = [&] {
      try {
        file = find_(admit(core_, exchange.request(), reads("artifacts"), dialect()));
        std::string etag = file.digest.empty() ? std::string() : fmt::format("\"{}\"", file.digest);
        selection = http::selectBytes(exchange.request(), file.reader->size(), {etag, std::nullopt});
        head = headFor(file, selection);
      } catch (const Error& failure) {
        head = refusal(exchange.request(), failure);
      }
    };
    co_await exchange.waiting(std::move(find));
    if (head.status != 200 && head.status != 206) co_return co_await exchange.respond(std::move(head));
    co_await send(exchange, std::move(head), *file.reader, selection);
  }

 private:
  Core& core_;
  ArtifactFile (*find_)(const Call&);
};

/// Takes a body piece by piece into a blob and then puts it at its place.
class Upload : public http::StreamHandler {
 public:
  explicit Upload(Core& core) : core_(core) {}

  Task handle(Exchange& exchange) override {
    http::Response answer;
    answer.body = "{}";
    try {
      co_await take(exchange);
    } catch (const Error& failure) {
      answer = refusal(exchange.request(), failure);
    }
    co_await exchange.respond(std::move(answer));
  }

 private:
  Task take(Exchange& exchange) {
    std::string workspace;
    Place place;
    std::unique_ptr<blob::Writer> writer;
    std::function<void()> begin = [&] {
      Call call = admit(core_, exchange.request(), writes("artifacts"), dialect());
      place = target(call, exchange);
      workspace = call.workspace;
      writer = core_.blobs.create();
    };
    co_await exchange.waiting(std::move(begin));
    std::function<void(std::uint64_t)> check = [this](std::uint64_t size) { checkSize(size); };
    std::uint64_t size = co_await receive(exchange, *writer, std::move(check));
    std::function<void()> end = [&] {
      checkWhole(size);
      keep(writer->commit(), workspace, place);
    };
    co_await exchange.waiting(std::move(end));
  }

 protected:
  /// Where the bytes go. Throws what the request is refused for.
  virtual Place target(const Call& call, const Exchange&) const {
    std::string path = registry::safePath(call.http.variable("path"));
    core_.store.read([&](db::Session& session) { requireArtifact(call, Verb::write, session, path); });
    return {Place::Kind::tree, path};
  }
  virtual void checkSize(std::uint64_t) const {}
  virtual void checkWhole(std::uint64_t) const {}
  virtual void keep(const blob::Stored& stored, const std::string& workspace, const Place& place) {
    core_.store.write([&](db::Session& session) { registry::putFile(session, workspace, place.path, stored); });
  }

  Core& core_;
};

/// The web UI's upload: a run and a path in the query, at most 10 MiB.
class RunUpload final : public Upload {
 public:
  using Upload::Upload;

 protected:
  Place target(const Call& call, const Exchange& exchange) const override {
    std::string runId = queryValue(call.http, "run_uuid"), path = queryValue(call.http, "path");
    if (runId.empty()) throw Error(Code::invalid, "Request must specify run_uuid.");
    if (path.empty()) throw Error(Code::invalid, "Request must specify path.");
    path = registry::safePath(path);
    if (auto length = exchange.bodyLength()) checkSize(*length);
    std::string uri = core_.store.read([&](db::Session& session) {
      requireRun(call, Verb::write, session, runId);
      return tracking::getRun(session, call.workspace, runId).artifactUri;
    });
    Place place = placeOf(core_, uri, path);
    if (place.kind == Place::Kind::foreign)
      throw error(Code::invalid, "The artifacts of run '{}' lie at '{}', where this server does not write", runId, uri);
    return place;
  }
  void checkSize(std::uint64_t size) const override {
    if (size > smallUpload) throw Error(Code::invalid, "Artifact size is too large. Max size is 10MB.");
  }
  void checkWhole(std::uint64_t size) const override {
    if (size == 0) throw Error(Code::invalid, "Request must specify data.");
  }
  /// --default-artifact-root may be a folder of this machine: then the file belongs there, beside what clients write.
  void keep(const blob::Stored& stored, const std::string& workspace, const Place& place) override {
    if (place.kind == Place::Kind::tree) return Upload::keep(stored, workspace, place);
    file::makeFolders(std::filesystem::path(place.path).parent_path());
    file::replaceFiles({{place.path, blob::get(core_.blobs, stored.digest, smallUpload)}});
  }
};

void add(http::Router& router, std::string_view method, const std::string& pattern,
         std::shared_ptr<http::StreamHandler> handler) {
  router.add(method, pattern, http::streaming(std::move(handler), anySize));
}

}  // namespace

void mountArtifactStreams(http::Router& router, Core& core) {
  auto proxied = std::make_shared<Download>(core, findProxied);
  auto upload = std::make_shared<Upload>(core);
  auto modelFile = std::make_shared<Download>(core, findModelFile);
  auto runUpload = std::make_shared<RunUpload>(core);
  for (std::string prefix : {"/api", "/ajax-api"}) {
    add(router, "GET", prefix + "/2.0/mlflow-artifacts/artifacts/{path...}", proxied);
    add(router, "PUT", prefix + "/2.0/mlflow-artifacts/artifacts/{path...}", upload);
    add(router, "GET", prefix + "/2.0/mlflow/logged-models/{model_id}/artifacts/files", modelFile);
    add(router, "POST", prefix + "/2.0/mlflow/upload-artifact", runUpload);
  }
  add(router, "GET", "/get-artifact", std::make_shared<Download>(core, findRunFile));
  add(router, "GET", "/model-versions/get-artifact", std::make_shared<Download>(core, findVersionFile));
}

}  // namespace regesta::api::mlflow
