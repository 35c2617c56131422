#include "api/xet/data_url.h"

#include "api/sealed.h"
#include "base/limits_content.h"
#include "base/time.h"

namespace regesta::api::xet {

namespace {
constexpr std::string_view purpose = "xet-data";
}

DataUrls::DataUrls(const Call& call, const http::Request& request, const blob::IndexedObject& object)
    : base_(xetCasUrl(call.core, request) + "/v1/data/") {
  XetScope scope = call.scope();
  scope.verb = access::Verb::read;
  json::object payload = writeScope(scope, nowMillis() / 1000 + limits::xetUrlSeconds);
  payload["digest"] = object.digest;
  query_ = "?grant=" + seal(call.core, purpose, payload);
}

std::string DataUrls::of(const blob::PackName& pack) const { return base_ + pack + query_; }

DataGrant openDataUrl(const Core& core, const http::Request& request) {
  std::optional<json::object> payload;
  for (const auto& [name, value] : http::parseQuery(request.query))
    if (name == "grant") payload = unseal(core, purpose, value);
  if (!payload) throw Error(Code::denied, "this address was not issued by this server: request a reconstruction again");
  if (memberInteger(*payload, "exp") * 1000 <= nowMillis())
    throw Error(Code::denied, "this address has expired: request a reconstruction again");
  return {readScope(*payload), memberText(*payload, "digest")};
}

}  // namespace regesta::api::xet
