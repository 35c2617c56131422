#include "api/admitted.h"

#include "base/log.h"

namespace regesta::api {

Admitted::Admitted(Core& core, access::Access::Admission admission, Again again, std::string workspace)
    : core_(core), admission_(std::move(admission)), again_(std::move(again)), workspace_(std::move(workspace)) {}

std::string_view Admitted::account() const {
  // A server without users has one, who may do everything.
  return admission_.identity->local ? std::string_view() : std::string_view(admission_.identity->actor.name);
}

bool Admitted::current() {
  try {
    return core_.access.isCurrent(admission_);
  } catch (const std::exception&) {
    return false;  // holds() will meet and tell it
  }
}

bool Admitted::holds() {
  try {
    access::Access::Admission now = again_();
    const access::Identity &before = *admission_.identity, &after = *now.identity;
    if (before.actor.name != after.actor.name || before.grants != after.grants || before.local != after.local)
      return false;
    admission_ = std::move(now);
    return true;
  } catch (const std::exception& failure) {
    log(LogLevel::info, "the credentials of a long-lived request are no longer valid",
        {{"actor", admission_.identity->actor.name}, {"reason", failure.what()}});
    return false;
  }
}

}  // namespace regesta::api
