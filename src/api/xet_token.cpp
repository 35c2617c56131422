#include "api/xet_token.h"

#include "api/sealed.h"
#include "api/server_url.h"
#include "base/error.h"
#include "base/limits_content.h"
#include "base/text.h"
#include "base/time.h"
#include "blob/pack_store.h"

namespace regesta::api {
namespace {

using access::Verb;

constexpr std::string_view prefix = "xet_", purpose = "xet-token";
constexpr std::string_view readWord = "read", writeWord = "write";

[[noreturn]] void refuse(std::string_view why) {
  throw error(Code::unauthenticated,
              "the Xet token {}: request another from the hub's xet-read-token or xet-write-token route", why);
}

XetScope openToken(const Core& core, std::string_view token) {
  if (!token.starts_with(prefix)) refuse("is not one of this server");
  auto payload = unseal(core, purpose, token.substr(prefix.size()));
  if (!payload) refuse("is not one of this server");
  if (memberInteger(*payload, "exp") * 1000 <= nowMillis()) refuse("has expired");
  return readScope(*payload);
}

std::string_view tokenOf(const http::Request& request) {
  auto authorization = request.headers.get("Authorization");
  if (!authorization) refuse("is missing (Authorization: Bearer xet_…)");
  std::size_t space = authorization->find(' ');
  if (space == authorization->npos || !equalsIgnoreCase(authorization->substr(0, space), "bearer"))
    refuse("must come as 'Authorization: Bearer xet_…'");
  return trim(authorization->substr(space));
}

}  // namespace

json::object writeScope(const XetScope& scope) {
  return {{"workspace", scope.workspace},
          {"kind", scope.kind},
          {"name", scope.name},
          {"verb", scope.verb == Verb::write ? writeWord : readWord},
          {"actor", scope.actor}};
}

XetScope readScope(const json::object& payload) {
  return {memberText(payload, "workspace"), memberText(payload, "kind"), memberText(payload, "name"),
          memberText(payload, "verb") == writeWord ? Verb::write : Verb::read, memberText(payload, "actor")};
}

XetToken makeXetToken(const Core& core, const XetScope& scope) {
  XetToken token;
  token.expiresAt = nowMillis() / 1000 + limits::xetTokenSeconds;
  json::object payload = writeScope(scope);
  payload["exp"] = token.expiresAt;
  token.text = std::string(prefix) + seal(core, purpose, payload);
  return token;
}

std::string xetCasUrl(const Core& core, const http::Request& request, std::string_view workspace) {
  return fmt::format("{}/hf/cas/{}", serverUrl(core, request), workspace);
}

std::optional<std::string> xetHashOf(const Core& core, std::string_view digest) {
  auto object = dynamic_cast<blob::PackStore&>(core.blobs).packs().index().find(digest);
  return object && object->size > 0 ? std::optional(object->xet) : std::nullopt;
}

XetCaller::XetCaller(Core& core, const http::Request& request, XetScope scope)
    : SealedCaller(
          core, request, scope.actor,
          [scope](const access::Identity& identity) { identity.require(scope.verb, scope.workspace, scope.name); }),
      scope_(std::move(scope)) {}

std::shared_ptr<XetCaller> admitXetScope(Core& core, const http::Request& request, XetScope scope) {
  if (request.variable("workspace") != scope.workspace)
    throw Error(Code::denied,
                "the Xet token or address is for another workspace: request a token from the repository's "
                "xet-read-token or xet-write-token route, and use the address that comes with it");
  return std::make_shared<XetCaller>(core, request, std::move(scope));
}

std::shared_ptr<XetCaller> admitXetToken(Core& core, const http::Request& request, Verb verb) {
  XetScope scope = openToken(core, tokenOf(request));
  if (verb == Verb::write && scope.verb != Verb::write)
    throw Error(Code::denied, "the Xet token is for reading: request one from the hub's xet-write-token route");
  return admitXetScope(core, request, std::move(scope));
}

}  // namespace regesta::api
