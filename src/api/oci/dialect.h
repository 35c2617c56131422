#pragma once
#include "api/endpoint.h"

namespace regesta::api::oci {

/// An error with one of the codes that the OCI distribution specification names.
class OciError : public Error {
 public:
  OciError(Code code, int status, std::string_view name, std::string message)
      : Error(code, std::move(message)), status(status), name(name) {}
  int status;
  std::string_view name;  ///< "BLOB_UNKNOWN"; a literal
};

template <class... Args>
OciError invalid(std::string_view name, fmt::format_string<Args...> text, Args&&... args) {
  return {Code::invalid, 400, name, fmt::format(text, std::forward<Args>(args)...)};
}
template <class... Args>
OciError unknown(std::string_view name, fmt::format_string<Args...> text, Args&&... args) {
  return {Code::notFound, 404, name, fmt::format(text, std::forward<Args>(args)...)};
}

/// Errors are {"errors":[{"code","message","detail"}]}. What a gate refuses is DENIED; its detail is
/// governance::outcomeJson().
const Dialect& dialect();

}  // namespace regesta::api::oci
