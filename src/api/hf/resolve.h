#pragma once
#include "api/hf/call.h"

namespace regesta::api::hf {

/// GET and HEAD /{repo}/resolve/{revision}/{path}: a file of a commit, with the headers by which clients cache it.
class ResolveRoute final : public http::StreamHandler {
 public:
  explicit ResolveRoute(Core& core) : core_(core) {}
  http::asio::awaitable<void> handle(http::Exchange& exchange) override;

 private:
  Core& core_;
};

}  // namespace regesta::api::hf
