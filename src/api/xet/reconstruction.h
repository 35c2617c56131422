#pragma once
#include "api/xet/call.h"

namespace regesta::api::xet {

/// How a file is made of chunks of packs, computed from the index as it is now: so whatever any front stored can be
/// downloaded, and a rewritten pack only makes clients ask again.
http::Response reconstruction(const Call& call, const http::Request& request);    ///< version 1
http::Response reconstructionV2(const Call& call, const http::Request& request);  ///< version 2
/// Of several files, "?file_id=…&file_id=…". Those that the caller may not read are left out.
http::Response reconstructions(const Call& call, const http::Request& request);

/// The same for a JSON list of {"prefix", "hash"} in the body.
class PostReconstructions final : public http::StreamHandler {
 public:
  explicit PostReconstructions(Core& core) : core_(core) {}
  http::asio::awaitable<void> handle(http::Exchange& exchange) override;

 private:
  Core& core_;
};

}  // namespace regesta::api::xet
