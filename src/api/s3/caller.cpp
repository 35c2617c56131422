#include "api/s3/caller.h"

#include <algorithm>

#include "base/text.h"
#include "base/time.h"
#include "registry/workspace.h"

namespace regesta::api::s3 {
namespace {

using access::Access;
using Admission = Access::Admission;

std::int64_t nowSeconds() { return nowMillis() / 1000; }

std::shared_ptr<SignedCaller> admitClaim(Core& core, const http::Request& request, const Query& query,
                                         const Claim& claim, std::string workspace) {
  if (request.headers.get("x-amz-security-token") || query.has("X-Amz-Security-Token"))
    throw Fault("InvalidToken", "this server issues no session tokens; use the key of a token alone");
  request.account.claimed = "token";  // until the signature holds
  Access::KeyOwner owner = [&] {
    try {
      return core.access.ownerOfKey(claim.keyId);
    } catch (const Error& failure) {
      if (failure.code != Code::unauthenticated) throw;
      throw Fault("InvalidAccessKeyId", failure.message);
    }
  }();
  Verified chain = verify(request, query, claim, owner.secret, nowSeconds());
  request.account.claimed.clear();
  auto again = [&core, id = claim.keyId] { return core.access.ownerOfKey(id).admission; };
  auto caller = std::make_shared<SignedCaller>(core, std::move(owner.admission), again, std::move(workspace));
  caller->chain = std::move(chain);
  caller->payload = claim.payload;
  return caller;
}

std::shared_ptr<SignedCaller> admitOther(Core& core, const http::Request& request, const Query& query,
                                         const std::optional<Claim>& claim, std::string workspace) {
  std::optional<std::string> credentials;
  if (!claim)
    if (auto header = request.headers.get("Authorization")) credentials = std::string(*header);
  Admission admission = core.access.admit(credentials, request.remote);
  if (claim && claim->presigned) requireUnexpired(query, *claim, nowSeconds());
  auto again = [&core, credentials] { return core.access.admit(credentials, {}, Access::Use::look); };
  auto caller = std::make_shared<SignedCaller>(core, std::move(admission), again, std::move(workspace));
  caller->payload = claim ? claim->payload : std::string(request.headers.get("x-amz-content-sha256").value_or(""));
  return caller;
}

std::shared_ptr<SignedCaller> admit(Core& core, const http::Request& request, std::string workspace) {
  Query query(request.query);
  std::optional<Claim> claim = readClaim(request, query);
  auto caller = claim && core.access.asksForCredentials()
                    ? admitClaim(core, request, query, *claim, std::move(workspace))
                    : admitOther(core, request, query, claim, std::move(workspace));
  request.account.actor = caller->identity()->actor.name;
  // A caller who names an owner wants to be refused at a bucket of another. A workspace owns itself, as listings say.
  auto owner = request.headers.get("x-amz-expected-bucket-owner");
  if (owner && *owner != caller->workspace())
    throw Fault("AccessDenied", "the bucket's owner is not the one in x-amz-expected-bucket-owner");
  return caller;
}

}  // namespace

template <access::Verb verb>
std::shared_ptr<http::Caller> enterBucket(Core& core, const http::Request& request) {
  std::string workspace(request.variable("bucket"));
  auto caller = admit(core, request, workspace);
  caller->identity()->require(verb, workspace);
  bool exists = workspace == registry::defaultWorkspace || core.store.read([&](db::Transaction& transaction) {
    return registry::findWorkspace(transaction, workspace).has_value();
  });
  if (!exists) throw fault("NoSuchBucket", "there is no workspace '{}'", shorten(workspace, 100));
  return caller;
}

template std::shared_ptr<http::Caller> enterBucket<access::Verb::read>(Core&, const http::Request&);
template std::shared_ptr<http::Caller> enterBucket<access::Verb::write>(Core&, const http::Request&);

std::shared_ptr<http::Caller> enterFront(Core& core, const http::Request& request) {
  return admit(core, request, std::string(registry::defaultWorkspace));
}

std::shared_ptr<http::Caller> enterNewBucket(Core& core, const http::Request& request) {
  return admit(core, request, std::string(request.variable("bucket")));
}

Entered entered(Core& core, const http::Request& request) {
  auto caller = std::dynamic_pointer_cast<SignedCaller>(request.caller);
  if (!caller) throw Error(Code::internal, "a request of the S3 front has passed no door");
  return {{core, request, caller->identity(), caller->workspace()}, Query(request.query), caller};
}

void requireKnown(const Query& query, std::initializer_list<std::string_view> known) {
  for (const auto& [name, value] : query.all()) {
    if (name == "x-id" || name.starts_with("X-Amz-") || std::ranges::find(known, name) != known.end()) continue;
    throw fault("NotImplemented", "'?{}' is not supported", shorten(name, 100));
  }
}

}  // namespace regesta::api::s3
