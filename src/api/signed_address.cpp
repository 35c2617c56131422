#include "api/signed_address.h"

#include "api/sealed.h"
#include "api/sealed_caller.h"
#include "api/server_url.h"
#include "base/limits_content.h"

namespace regesta::api {
namespace {

constexpr std::string_view purpose = "download";

class AddressCaller final : public SealedCaller {
 public:
  AddressCaller(Core& core, const http::Request& request, const json::object& grant)
      : SealedCaller(core, request, memberText(grant, "actor"),
                     [workspace = memberText(grant, "workspace")](const access::Identity& identity) {
                       identity.require(access::Verb::read, workspace);
                     }),
        workspace(memberText(grant, "workspace")),
        what(memberText(grant, "what")) {}

  const std::string workspace, what;
};

}  // namespace

SignedAddresses::SignedAddresses(const Call& call, std::string_view what)
    : base_(serverUrl(call.core, call.http)),
      query_("?" + sealGrant(call.core, purpose,
                             {{"actor", call.actor().name}, {"workspace", call.workspace}, {"what", what}},
                             limits::fileAddressSeconds)) {}

std::string SignedAddresses::of(std::string_view path) const { return fmt::format("{}{}{}", base_, path, query_); }

std::shared_ptr<http::Caller> signedDoor(Core& core, const http::Request& request) {
  return std::make_shared<AddressCaller>(core, request, openGrant(core, purpose, request));
}

Call signedCall(Core& core, const http::Request& request, std::string_view what) {
  auto caller = std::dynamic_pointer_cast<AddressCaller>(request.caller);
  REGESTA_INVARIANT(caller);
  if (caller->what != what) throw Error(Code::denied, "this address was issued for something else: request another");
  return {core, request, caller->identity(), caller->workspace};
}

}  // namespace regesta::api
