#pragma once
#include <string>
#include <string_view>

#include "api/endpoint.h"

namespace regesta::api::s3 {

/// An error by S3's name for it ("NoSuchKey", "BadDigest"), which clients compare.
class Fault : public Error {
 public:
  Fault(std::string_view name, std::string message);
  std::string_view name;  ///< of a literal
  int status = 400;
};

template <class... Args>
Fault fault(std::string_view name, fmt::format_string<Args...> text, Args&&... args) {
  return Fault(name, fmt::format(text, std::forward<Args>(args)...));
}

/// The `<Error>` document. Errors of the core get the S3 name that fits.
http::Response renderFault(const http::Request& request, const Error& error);
/// The name and message of any error, as DeleteObjects reports them for single keys.
struct FaultText {
  std::string_view name;
  std::string message;
};
FaultText textOf(const Error& error, std::string_view requestId);

const Dialect& dialect();

}  // namespace regesta::api::s3
