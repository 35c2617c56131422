#pragma once
#include <string>
#include <string_view>

#include "api/endpoint.h"

namespace regesta::api {

/// An address of this server that downloads for an hour without credentials, as the caller, with the permissions that
/// the caller has when it is used: for clients that hand addresses to a plain HTTP client. `path` is its path,
/// percent-encoded; `what` is what the route at that path delivers, in words of its own.
class SignedAddresses {
 public:
  SignedAddresses(const Call& call, std::string_view what);
  std::string of(std::string_view path) const;

 private:
  std::string base_, query_;
};

/// For StreamRoute::door of such a path.
std::shared_ptr<http::Caller> signedDoor(Core& core, const http::Request& request);
/// The request, as a call of whom the address was made for. Throws Error{denied} for an address of something else.
Call signedCall(Core& core, const http::Request& request, std::string_view what);

}  // namespace regesta::api
