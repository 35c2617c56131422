#include "api/s3/fault.h"

#include <algorithm>

#include "api/client_error.h"
#include "api/s3/xml.h"
#include "registry/storage_quota.h"
#include "registry/tree.h"

namespace regesta::api::s3 {
namespace {

struct Known {
  std::string_view name;
  int status;
  Code code;
};
// Sorted by status; those that are not here are 400.
constexpr Known known[] = {
    {"AccessDenied", 403, Code::denied},
    {"InvalidAccessKeyId", 403, Code::unauthenticated},
    {"SignatureDoesNotMatch", 403, Code::unauthenticated},
    {"RequestTimeTooSkewed", 403, Code::unauthenticated},
    {"ExpiredToken", 403, Code::unauthenticated},
    {"QuotaExceeded", 403, Code::tooLarge},
    {"NoSuchBucket", 404, Code::notFound},
    {"NoSuchKey", 404, Code::notFound},
    {"NoSuchUpload", 404, Code::notFound},
    {"MethodNotAllowed", 405, Code::unsupported},
    {"BucketAlreadyExists", 409, Code::exists},
    {"BucketAlreadyOwnedByYou", 409, Code::exists},
    {"BucketNotEmpty", 409, Code::invalidState},
    {"MissingContentLength", 411, Code::invalid},
    {"PreconditionFailed", 412, Code::conflict},
    {"InvalidRange", 416, Code::invalid},
    {"NotImplemented", 501, Code::unsupported},
};

const Known* find(std::string_view name) {
  auto found = std::ranges::find(known, name, &Known::name);
  return found == std::end(known) ? nullptr : found;
}

struct Named {
  std::string_view name;
  int status;
};

/// S3's name for an error of the core. Statuses that clients retry are for what a retry may mend.
Named nameOf(const Error& error) {
  if (auto* fault = dynamic_cast<const Fault*>(&error)) return {fault->name, fault->status};
  if (dynamic_cast<const registry::Sealed*>(&error)) return {"AccessDenied", 403};
  if (dynamic_cast<const registry::OverQuota*>(&error)) return {"QuotaExceeded", 403};
  switch (error.code) {
    case Code::invalid:
      return {"InvalidArgument", 400};
    case Code::unauthenticated:
    case Code::denied:
    case Code::refused:
      return {"AccessDenied", 403};
    case Code::notFound:
      return {"NoSuchKey", 404};
    case Code::exists:
      return {"BucketAlreadyExists", 409};
    case Code::conflict:
      return {"OperationAborted", 409};
    case Code::invalidState:
      return {"InvalidRequest", 400};
    case Code::tooLarge:
      return {"EntityTooLarge", 400};
    case Code::exhausted:
      return {"SlowDown", 503};
    case Code::unsupported:
      return {"NotImplemented", 501};
    case Code::unavailable:
      return {"ServiceUnavailable", 503};
    case Code::corrupt:
    case Code::internal:
      break;
  }
  return {"InternalError", 500};
}

}  // namespace

Fault::Fault(std::string_view name, std::string message) : Error(Code::invalid, std::move(message)), name(name) {
  if (const Known* entry = find(name)) {
    status = entry->status;
    code = entry->code;
  }
}

FaultText textOf(const Error& error, std::string_view requestId) {
  std::optional<Error> hidden = clientError(error, requestId);
  return {nameOf(error).name, hidden ? hidden->message : error.message};
}

http::Response renderFault(const http::Request& request, const Error& error) {
  http::Response response;
  response.status = nameOf(error).status;
  response.contentType = "application/xml";
  if (error.code == Code::exhausted || error.code == Code::unavailable) response.headers.set("Retry-After", "1");
  FaultText text = textOf(error, request.id);
  XmlWriter xml(response.body);
  xml.open("Error").text("Code", text.name).text("Message", text.message);
  xml.text("Resource", request.rawPath).text("RequestId", request.id).close();
  return response;
}

const Dialect& dialect() {
  static const Dialect s3{.name = "s3", .manner = {}, .renderError = renderFault};
  return s3;
}

}  // namespace regesta::api::s3
