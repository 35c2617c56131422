#include "api/xet/data_url.h"

#include "api/sealed.h"
#include "base/limits_content.h"

namespace regesta::api::xet {

namespace {
constexpr std::string_view purpose = "xet-data";
}

DataUrls::DataUrls(const Call& call, const http::Request& request, const blob::IndexedObject& object)
    : base_(xetCasUrl(call.core, request, call.workspace()) + "/v1/data/") {
  XetScope scope = call.scope();
  scope.verb = access::Verb::read;
  json::object payload = writeScope(scope);
  payload["digest"] = object.digest;
  query_ = "?" + sealGrant(call.core, purpose, std::move(payload), limits::xetUrlSeconds);
}

std::string DataUrls::of(const blob::PackName& pack) const { return base_ + pack + query_; }

DataGrant openDataUrl(const Core& core, const http::Request& request) {
  json::object payload = openGrant(core, purpose, request);
  return {readScope(payload), memberText(payload, "digest")};
}

}  // namespace regesta::api::xet
