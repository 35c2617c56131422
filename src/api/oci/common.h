#pragma once
// Shared by the streaming handlers of this front.
#include "api/oci/dialect.h"
#include "api/oci/repository.h"
#include "api/streaming.h"

namespace regesta::api::oci {

using access::Verb;
using http::Exchange;

inline constexpr std::string_view ofRepository = "assets of this name";

inline std::string blobUrl(const Repository& repository, std::string_view digest) {
  return fmt::format("/v2/{}/blobs/{}", repository.path, digest);
}
inline std::string manifestUrl(const Repository& repository, std::string_view digest) {
  return fmt::format("/v2/{}/manifests/{}", repository.path, digest);
}

/// An answer without a body, or one whose body the handler fills.
inline http::Response answer(int status, std::string contentType = {}) {
  http::Response response;
  response.status = status;
  response.contentType = std::move(contentType);
  response.headers.set("Docker-Distribution-Api-Version", "registry/2.0");
  return response;
}

/// Reads bytes that are not in the store.
std::unique_ptr<blob::Reader> readText(std::string text);

/// A blob or manifest, opened.
struct Content {
  std::unique_ptr<blob::Reader> reader;
  std::string type, digest;  ///< its media type; the digest that the answer names
};

/// A route that answers with a blob or manifest: `open` runs on a waiting thread and checks what the caller may read.
/// The bytes are not trusted: no browser may guess their type or run them.
class Download : public http::StreamHandler {
 public:
  using Open = Content (*)(const Call& call, const Repository& repository);
  Download(Core& core, Open open) : core_(core), open_(open) {}

  Task handle(Exchange& exchange) override;

 private:
  Core& core_;
  Open open_;
};

template <Download::Open open>
std::shared_ptr<http::StreamHandler> downloadRoute(Core& core) {
  return std::make_shared<Download>(core, open);
}

/// A route whose request has no body: `respond` runs on a waiting thread.
class Answered : public http::StreamHandler {
 public:
  using Respond = http::Response (*)(const Call& call);
  Answered(Core& core, AccessRule rule, Respond respond) : core_(core), rule_(rule), respond_(respond) {}

  Task handle(Exchange& exchange) override {
    http::Response response =
        co_await exchange.waiting([&] { return respond_(admit(core_, exchange.request(), rule_, dialect())); });
    co_await exchange.respond(std::move(response));
  }

 private:
  Core& core_;
  AccessRule rule_;
  Respond respond_;
};

template <Answered::Respond respond, Verb verb>
std::shared_ptr<http::StreamHandler> answeredRoute(Core& core) {
  return std::make_shared<Answered>(core, verb == Verb::write ? writes(ofRepository) : reads(ofRepository), respond);
}

}  // namespace regesta::api::oci
