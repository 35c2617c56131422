#pragma once
#include <functional>
#include <memory>
#include <string>

#include "access/access.h"
#include "api/core.h"
#include "http/caller.h"
#include "http/message.h"

namespace regesta::api {

/// The caller that something sealed let in instead of credentials (api/sealed.h), as the actor it was made for, with
/// the grants that the actor has now. It ends with the actor's password or token, as the seal does.
class SealedCaller : public http::Caller {
 public:
  /// Throws if the actor may not, or no longer, do what the request is for.
  using Check = std::function<void(const access::Identity& identity)>;
  /// Throws what `check` throws.
  SealedCaller(Core& core, const http::Request& request, std::string actor, Check check);
  std::string_view account() const override;
  /// A request that began before the seal expired may end after it.
  bool current() override;
  bool holds() override;

  const std::shared_ptr<const access::Identity>& identity() const { return admitted_.identity; }

 private:
  /// The actor as they are now.
  struct Bearer {
    std::shared_ptr<const access::Identity> identity;
    std::string credential;  ///< changes with the password or token
  };
  Bearer present() const;

  Core& core_;
  std::string actor_;
  Check check_;
  std::uint64_t changes_;
  Bearer admitted_;
};

}  // namespace regesta::api
