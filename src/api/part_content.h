#pragma once
#include <functional>
#include <string>

#include "api/endpoint.h"
#include "http/exchange.h"
#include "registry/part_upload.h"

namespace regesta::api {

/// Bytes of one part at a signed address: as S3's.
inline constexpr std::size_t partLimit = std::size_t{5} << 30;

/// Takes the body of a request as the part that the route's variable "number" names, and returns its ETag. `find` gets
/// the upload in the transaction that stores the part: it may have been completed or aborted, and throws then.
http::asio::awaitable<std::string> receivePart(http::Exchange& exchange, const Call& call,
                                               std::function<registry::PartUpload(db::Transaction&)> find);

}  // namespace regesta::api
