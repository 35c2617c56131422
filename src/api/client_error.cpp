#include "api/client_error.h"

namespace regesta::api {

std::optional<Error> clientError(const Error& error, std::string_view requestId) {
  switch (error.code) {
    case Code::internal:
      // A front may have to answer a client's fault with a status of 500, as MLflow does; it says so in the detail.
      if (error.detail == forTheClient) return std::nullopt;
      return regesta::error(Code::internal, "internal error; the server's log has the reason under request id {}",
                            requestId);
    case Code::corrupt:
      return regesta::error(
          Code::corrupt,
          "stored data is damaged or missing here; run regesta doctor on the server, which also says if it has another "
          "content store than the other servers of its database. The server's log has the reason under request id {}",
          requestId);
    case Code::unavailable:
      return regesta::error(Code::unavailable,
                            "the database, the disk or a service that the server needs is not available now; try again "
                            "later. The server's log has the reason under request id {}",
                            requestId);
    default:
      return std::nullopt;
  }
}

}  // namespace regesta::api
