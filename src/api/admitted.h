#pragma once
#include <functional>
#include <string>

#include "api/endpoint.h"
#include "http/caller.h"

namespace regesta::api {

/// The caller that admit() accepted, as http/ keeps it for the request.
class Admitted : public http::Caller {
 public:
  /// Admits the same credentials once more, later. Throws like admitHead().
  using Again = std::function<access::Access::Admission()>;
  Admitted(Core& core, access::Access::Admission admission, Again again, std::string workspace);
  std::string_view account() const override;
  bool current() override;
  /// Whether it is the same user with the same grants; after a change of grants, admit() must run again.
  bool holds() override;

  const std::shared_ptr<const access::Identity>& identity() const { return admission_.identity; }
  const std::string& workspace() const { return workspace_; }

 private:
  Core& core_;
  access::Access::Admission admission_;
  Again again_;
  std::string workspace_;
};

/// Authenticates and authorizes the caller from the request's head, by the route's rule. Throws Error{unauthenticated}
/// or Error{denied}. `ofPath` null: the workspace is in a header, or follows from the grants.
std::shared_ptr<Admitted> admitHead(Core& core, const http::Request& request, const AccessRule& access,
                                    const Dialect& dialect, std::string (*ofPath)(const http::Request&) = nullptr,
                                    access::Access::Use use = access::Access::Use::request);

}  // namespace regesta::api
