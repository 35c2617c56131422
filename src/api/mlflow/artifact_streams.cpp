#include "api/client_error.h"
#include "api/mlflow/artifact_find.h"
#include "api/mlflow/artifact_place.h"
#include "api/mlflow/artifacts.h"
#include "api/mlflow/dialect.h"
#include "api/signed_address.h"
#include "api/streaming.h"
#include "api/tracking_scope.h"
#include "base/file.h"
#include "base/log.h"
#include "registry/tree.h"
#include "tracking/artifact.h"
#include "tracking/run.h"

namespace regesta::api::mlflow {
namespace {

using access::Verb;
using http::Exchange;

constexpr std::size_t smallUpload = 10 * 1024 * 1024;  // what the web UI may send at once
constexpr std::size_t anySize = std::numeric_limits<std::size_t>::max();

http::Response refusal(const http::Request& request, const Error& failure) {
  if (httpStatus(failure.code) >= 500)
    log(LogLevel::error, failure.message, {{"request", request.id}, {"path", request.rawPath}});
  std::optional<Error> hidden = clientError(failure, request.id);
  return renderError(hidden ? *hidden : failure);
}

class Download : public http::StreamHandler {
 public:
  Download(Core& core, std::string_view what, ArtifactFile (*find)(const Call&))
      : core_(core), what_(what), find_(find) {}

  Task handle(Exchange& exchange) override {
    ArtifactFile file;
    http::Selection selection;
    http::Response head;
    co_await exchange.waiting([&] {
      try {
        file = find_(enterCall(exchange.request()));
        std::string etag = file.digest.empty() ? std::string() : fmt::format("\"{}\"", file.digest);
        selection = http::selectBytes(exchange.request(), file.reader->size(), {etag, std::nullopt});
        head = headFor(file, selection);
      } catch (const Error& failure) {
        head = refusal(exchange.request(), failure);
      }
    });
    if (head.status != 200 && head.status != 206) co_return co_await exchange.respond(std::move(head));
    co_await send(exchange, std::move(head), *file.reader, selection);
  }

 protected:
  virtual Call enterCall(const http::Request& request) { return admit(core_, request, reads(what_), dialect()); }

  Core& core_;

 private:
  std::string_view what_;
  ArtifactFile (*find_)(const Call&);
};

/// The same at an address that findProxied()'s caller got for one file.
class SignedDownload final : public Download {
 public:
  explicit SignedDownload(Core& core) : Download(core, artifactsOfOwner, findProxied) {}

 protected:
  Call enterCall(const http::Request& request) override {
    return signedCall(core_, request, signedArtifact(registry::safePath(request.variable("path"))));
  }
};

/// Streams a body into a blob and then stores it under its path.
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
    std::optional<Call> call;
    Place place;
    std::unique_ptr<blob::Writer> writer;
    co_await exchange.waiting([&] {
      call.emplace(admit(core_, exchange.request(), writes(artifactsOfOwner), dialect()));
      place = target(*call, exchange);
      writer = core_.blobs.create();
    });
    std::function<void(std::uint64_t)> check = [this](std::uint64_t size) { checkSize(size); };
    std::uint64_t size = co_await receive(exchange, *call, *writer, std::move(check));
    co_await exchange.waiting([&] {
      checkWhole(size);
      keep(writer->commit(), *call, place);
    });
  }

 protected:
  /// Where the bytes go. Throws what the request is refused for.
  virtual Place target(const Call& call, const Exchange&) const {
    std::string path = registry::safePath(call.http.variable("path"));
    core_.store.read([&](db::Transaction& transaction) { requirePath(call, Verb::write, transaction, path); });
    return {Place::Kind::tree, path};
  }
  virtual void checkSize(std::uint64_t) const {}
  virtual void checkWhole(std::uint64_t) const {}
  virtual void keep(const blob::Stored& stored, const Call& call, const Place& place) {
    core_.store.change(call.actor(), [&](registry::Change& change) {
      requirePath(call, Verb::write, change.transaction,
                  place.path);  // again: a long upload outlives what was allowed
      tracking::putArtifact(change, call.workspace, place.path, stored);
    });
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
    std::string uri = core_.store.read([&](db::Transaction& transaction) {
      requireRun(call, Verb::write, transaction, runId);
      return tracking::getRun(transaction, call.workspace, runId).artifactUri;
    });
    Place place = placeOf(call, uri, path);
    if (place.kind == Place::Kind::foreign)
      throw error(Code::invalid, "The artifacts of run '{}' are at '{}', where this server does not write", runId, uri);
    return place;
  }
  void checkSize(std::uint64_t size) const override {
    if (size > smallUpload) throw Error(Code::invalid, "Artifact size is too large. Max size is 10MB.");
  }
  void checkWhole(std::uint64_t size) const override {
    if (size == 0) throw Error(Code::invalid, "Request must specify data.");
  }
  /// --default-artifact-root may be a folder of this machine: then the file belongs there, next to what clients write.
  void keep(const blob::Stored& stored, const Call& call, const Place& place) override {
    if (place.kind == Place::Kind::tree) return Upload::keep(stored, call, place);
    core_.store.read([&](db::Transaction& transaction) { requirePath(call, Verb::write, transaction, place.path); });
    file::makeFolders(std::filesystem::path(place.path).parent_path());
    file::replaceFiles({{place.path, blob::get(core_.blobs, stored.digest, smallUpload)}});
  }
};

template <ArtifactFile (*find)(const Call&), const std::string_view& what>
std::shared_ptr<http::StreamHandler> makeDownload(Core& core) {
  return std::make_shared<Download>(core, what, find);
}

}  // namespace

// Those below /api can be reached below /ajax-api, too (Front::alsoBelow).
std::span<const StreamRoute> artifactStreams() {
  static const StreamRoute routes[] = {
      {"GET", "/api/2.0/mlflow-artifacts/artifacts/{path...}", "Download an artifact", reads(artifactsOfOwner),
       makeDownload<findProxied, artifactsOfOwner>},
      {"GET", "/api/2.0/mlflow-artifacts/signed/{path...}", "Download an artifact at a signed address",
       reads(artifactsOfOwner), makeStream<SignedDownload>, 1, false, nullptr, signedDoor},
      {"PUT", "/api/2.0/mlflow-artifacts/artifacts/{path...}", "Upload an artifact", writes(artifactsOfOwner),
       makeStream<Upload>, anySize},
      {"GET", "/api/2.0/mlflow/logged-models/{model_id}/artifacts/files", "Download an artifact of a logged model",
       reads(artifactsOfModel), makeDownload<findModelFile, artifactsOfModel>},
      {"POST", "/api/2.0/mlflow/upload-artifact", "Upload an artifact of a run", writes(artifactsOfRun),
       makeStream<RunUpload>, anySize},
      {"GET", "/get-artifact", "Download an artifact of a run", reads(artifactsOfRun),
       makeDownload<findRunFile, artifactsOfRun>},
      {"GET", "/model-versions/get-artifact", "Download an artifact of a model version", reads(filesOfVersion),
       makeDownload<findVersionFile, filesOfVersion>},
  };
  return routes;
}

}  // namespace regesta::api::mlflow
