#include "api/sealed_caller.h"

#include "access/grants.h"
#include "api/sealed.h"
#include "base/time.h"

namespace regesta::api {
namespace {

constexpr std::string_view callerPurpose = "sealed caller";

}  // namespace

SealedCaller::SealedCaller(Core& core, const http::Request& request, std::string actor, Check check)
    : core_(core),
      actor_(std::move(actor)),
      check_(std::move(check)),
      credential_(issuedCapability(core, callerPurpose, actor_)),
      changes_(core.access.changes()) {
  request.account.actor = actor_;
  identity_ = presentIdentity();
}

std::shared_ptr<const access::Identity> SealedCaller::presentIdentity() const {
  auto identity = std::make_shared<access::Identity>(core_.store.read(
      [&](db::Transaction& transaction) { return access::identityOf(transaction, actor_, nowMillis()); }));
  check_(*identity);
  return identity;
}

std::string_view SealedCaller::account() const { return identity_->local ? std::string_view() : actor_; }

bool SealedCaller::current() { return core_.access.changes() == changes_; }

bool SealedCaller::holds() {
  std::uint64_t changes = core_.access.changes();
  try {
    auto now = presentIdentity();
    if (now->grants != identity_->grants || now->local != identity_->local) return false;
    if (issuedCapability(core_, callerPurpose, actor_) != credential_) return false;
  } catch (const std::exception&) {
    return false;
  }
  changes_ = changes;
  return true;
}

}  // namespace regesta::api
