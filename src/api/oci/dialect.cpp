#include "api/oci/dialect.h"

#include "base/json.h"

namespace regesta::api::oci {
namespace {

struct Wording {
  int status;
  std::string_view name;
};

Wording wordingOf(const Error& error) {
  if (auto* own = dynamic_cast<const OciError*>(&error)) return {own->status, own->name};
  switch (error.code) {
    case Code::invalid:
      if (auto* field = dynamic_cast<const Invalid*>(&error); field && field->field == "alias")
        return {400, "TAG_INVALID"};
      if (auto* field = dynamic_cast<const Invalid*>(&error); field && field->field == "name")
        return {400, "NAME_INVALID"};
      return {400, "UNSUPPORTED"};
    case Code::unauthenticated:
      return {401, "UNAUTHORIZED"};
    case Code::denied:
    case Code::refused:
      return {403, "DENIED"};
    case Code::notFound:
      return {404, "NAME_UNKNOWN"};
    case Code::exists:
    case Code::conflict:
    case Code::invalidState:
      return {409, "DENIED"};
    case Code::tooLarge:
      return {413, "SIZE_INVALID"};
    case Code::exhausted:
      return {429, "TOOMANYREQUESTS"};
    case Code::unsupported:
      return {405, "UNSUPPORTED"};
    case Code::unavailable:
      return {503, "UNAVAILABLE"};
    default:
      return {httpStatus(error.code), "UNKNOWN"};
  }
}

http::Response renderError(const http::Request& /*request*/, const Error& error) {
  auto [status, name] = wordingOf(error);
  http::Response response = errorHead(error, status);
  response.headers.set("Docker-Distribution-Api-Version", "registry/2.0");
  JsonWriter writer(response.body);
  writer.object().key("errors").array().object();
  writer.key("code").text(name).key("message").text(error.message);
  if (!error.detail.empty()) writer.key("detail").raw(error.detail);
  writer.end().end().end();
  return response;
}

}  // namespace

const Dialect& dialect() {
  static const Dialect oci{.name = "oci", .manner = {}, .renderError = renderError};
  return oci;
}

}  // namespace regesta::api::oci
