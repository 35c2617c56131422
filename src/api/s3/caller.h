#pragma once
#include <memory>
#include <optional>
#include <string>

#include "api/admitted.h"
#include "api/s3/fault.h"
#include "api/s3/signature.h"

namespace regesta::api::s3 {

/// The caller of an S3 request: the token whose key signed it, the owner of Bearer or Basic credentials, or the local
/// user of a server without users, where nobody has a key and signatures are not compared.
class SignedCaller final : public Admitted {
 public:
  using Admitted::Admitted;
  std::optional<Verified> chain;  ///< of a verified signature
  std::string payload;            ///< digest or coding of the body, as the head says; empty: none
};

/// Who calls, from the head. The bucket of the path is the workspace, and the caller needs a role there that allows
/// `verb`. Throws Fault, Error{unauthenticated, denied}; Fault{NoSuchBucket} only to callers with such a role.
template <access::Verb verb>
std::shared_ptr<http::Caller> enterBucket(Core& core, const http::Request& request);
/// The same for requests about no bucket.
std::shared_ptr<http::Caller> enterFront(Core& core, const http::Request& request);
/// For a bucket that may not exist yet.
std::shared_ptr<http::Caller> enterNewBucket(Core& core, const http::Request& request);

extern template std::shared_ptr<http::Caller> enterBucket<access::Verb::read>(Core&, const http::Request&);
extern template std::shared_ptr<http::Caller> enterBucket<access::Verb::write>(Core&, const http::Request&);

/// The request in a handler: its caller as the route's door found them.
struct Entered {
  Call call;
  Query query;
  std::shared_ptr<SignedCaller> caller;
};
Entered entered(Core& core, const http::Request& request);

/// Throws Fault{NotImplemented} for a query parameter that is neither in `known` nor part of every request.
void requireKnown(const Query& query, std::initializer_list<std::string_view> known);

}  // namespace regesta::api::s3
