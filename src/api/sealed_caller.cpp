#include "api/sealed_caller.h"

#include "access/credential.h"
#include "access/grants.h"
#include "base/time.h"

namespace regesta::api {

SealedCaller::SealedCaller(Core& core, const http::Request& request, std::string actor, Check check)
    : core_(core), actor_(std::move(actor)), check_(std::move(check)), changes_(core.access.changes()) {
  request.account.actor = actor_;
  admitted_ = present();
}

SealedCaller::Bearer SealedCaller::present() const {
  Bearer bearer = core_.store.read([&](db::Transaction& transaction) {
    return Bearer{std::make_shared<access::Identity>(access::identityOf(transaction, actor_, nowMillis())),
                  access::credentialOf(transaction, actor_)};
  });
  check_(*bearer.identity);
  return bearer;
}

std::string_view SealedCaller::account() const { return identity()->local ? std::string_view() : actor_; }

bool SealedCaller::current() { return core_.access.changes() == changes_; }

bool SealedCaller::holds() {
  std::uint64_t changes = core_.access.changes();
  try {
    Bearer now = present();
    if (now.identity->grants != identity()->grants || now.identity->local != identity()->local) return false;
    if (now.credential != admitted_.credential) return false;
  } catch (const std::exception&) {
    return false;
  }
  changes_ = changes;
  return true;
}

}  // namespace regesta::api
