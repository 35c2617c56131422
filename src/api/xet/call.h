#pragma once
#include "api/streaming.h"
#include "api/xet_token.h"
#include "blob/pack_store.h"

namespace regesta::api::xet {

const Dialect& dialect();

/// What the handlers of one request need of the core.
struct Call {
  Core& core;
  std::shared_ptr<XetCaller> caller;

  const XetScope& scope() const { return caller->scope(); }
  const std::string& workspace() const { return scope().workspace; }
  blob::PackStore& store() const { return dynamic_cast<blob::PackStore&>(core.blobs); }
  blob::Packs& packs() const { return store().packs(); }
  /// Whether the caller may read the blob: as a file of something readable, as its uploader, or, with a role on every
  /// name, as any content of the workspace.
  bool mayRead(db::Transaction& transaction, std::string_view digest) const;
  /// A stored file by Xet's hash. Throws Error{notFound}, also for files that the caller may not read.
  blob::IndexedObject readableFile(std::string_view hash) const;
};
Call callOf(Core& core, const http::Exchange& exchange);

/// A hash in a path. Throws Error{invalid}.
std::string hashOf(const http::Request& request);
http::Response jsonAnswer(std::string body, int status = 200);

/// A handler that answers at once. `answer` runs on a waiting thread.
template <http::Response (*answer)(const Call&, const http::Request&)>
class Whole final : public http::StreamHandler {
 public:
  explicit Whole(Core& core) : core_(core) {}
  http::asio::awaitable<void> handle(http::Exchange& exchange) override {
    http::Response response =
        co_await exchange.waiting([&] { return answer(callOf(core_, exchange), exchange.request()); });
    co_await exchange.respond(std::move(response));
  }

 private:
  Core& core_;
};

}  // namespace regesta::api::xet
