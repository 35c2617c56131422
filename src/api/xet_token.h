#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "access/access.h"
#include "api/core.h"
#include "api/sealed_caller.h"
#include "base/json.h"
#include "http/message.h"

namespace regesta::api {

/// What one token of the Xet protocol allows: one verb (read or write) on one repository, to one actor.
struct XetScope {
  std::string workspace;
  std::string kind;  ///< of the repository: "model", "dataset", "space"
  std::string name;  ///< of the repository, as grants name it
  access::Verb verb = access::Verb::read;
  std::string actor;  ///< "user:anna", "token:ci"
};

/// As a member of something sealed (api/sealed.h).
json::object writeScope(const XetScope& scope);
XetScope readScope(const json::object& payload);

struct XetToken {
  std::string text;
  std::int64_t expiresAt = 0;  ///< seconds since 1970
};

/// The hub makes tokens for callers whose permission it has checked. A token is not a credential elsewhere.
XetToken makeXetToken(const Core& core, const XetScope& scope);

/// The content-addressed store's URL, for `casUrl` and X-Xet-Cas-Url, as the client of this request reaches the server.
std::string xetCasUrl(const Core& core, const http::Request& request, std::string_view workspace);

/// Xet's hash of a stored blob, for X-Xet-Hash and `xetHash`; nothing for blobs that Xet cannot deliver: empty ones,
/// and those that an earlier version stored as whole files.
std::optional<std::string> xetHashOf(const Core& core, std::string_view digest);

/// The caller that a token let in.
class XetCaller final : public SealedCaller {
 public:
  XetCaller(Core& core, const http::Request& request, XetScope scope);
  const XetScope& scope() const { return scope_; }

 private:
  XetScope scope_;
};

/// Lets in a caller with a token ("Authorization: Bearer xet_…") that allows `verb`. Throws Error{unauthenticated} for
/// a token that is not valid or has expired, Error{denied} if the token is for reading only or its actor lost the role.
std::shared_ptr<XetCaller> admitXetToken(Core& core, const http::Request& request, access::Verb verb);

/// The same for a caller with a URL that was signed for `scope`, instead of a token. Throws Error{denied}.
std::shared_ptr<XetCaller> admitXetScope(Core& core, const http::Request& request, XetScope scope);

}  // namespace regesta::api
