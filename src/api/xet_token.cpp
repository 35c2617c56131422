#include "api/xet_token.h"

#include "access/grants.h"
#include "api/sealed.h"
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

std::shared_ptr<const access::Identity> presentIdentity(const Core& core, const XetScope& scope) {
  auto identity = std::make_shared<access::Identity>(core.store.read(
      [&](db::Transaction& transaction) { return access::identityOf(transaction, scope.actor, nowMillis()); }));
  identity->require(scope.verb, scope.workspace, scope.name);
  return identity;
}

}  // namespace

json::object writeScope(const XetScope& scope, std::int64_t expiresAt) {
  return {{"workspace", scope.workspace}, {"kind", scope.kind},
          {"name", scope.name},           {"verb", scope.verb == Verb::write ? writeWord : readWord},
          {"actor", scope.actor},         {"exp", expiresAt}};
}

XetScope readScope(const json::object& payload) {
  return {memberText(payload, "workspace"), memberText(payload, "kind"), memberText(payload, "name"),
          memberText(payload, "verb") == writeWord ? Verb::write : Verb::read, memberText(payload, "actor")};
}

XetToken makeXetToken(const Core& core, const XetScope& scope) {
  XetToken token;
  token.expiresAt = nowMillis() / 1000 + limits::xetTokenSeconds;
  token.text = std::string(prefix) + seal(core, purpose, writeScope(scope, token.expiresAt));
  return token;
}

std::string xetCasUrl(const Core& core, const http::Request& request) {
  auto host = request.headers.get("Host");
  std::string base =
      host ? fmt::format("{}://{}", request.secure ? "https" : "http", *host) : std::string(core.publicUrl);
  return base + "/hf/cas";
}

std::optional<std::string> xetHashOf(const Core& core, std::string_view digest) {
  auto object = dynamic_cast<blob::PackStore&>(core.blobs).packs().index().find(digest);
  return object && object->size > 0 ? std::optional(object->xet) : std::nullopt;
}

XetCaller::XetCaller(Core& core, XetScope scope, std::shared_ptr<const access::Identity> identity)
    : core_(core), scope_(std::move(scope)), identity_(std::move(identity)), changes_(core.access.changes()) {}

std::string_view XetCaller::account() const { return identity_->local ? std::string_view() : scope_.actor; }

/// A request that began before the token expired may end after it.
bool XetCaller::current() { return core_.access.changes() == changes_; }

bool XetCaller::holds() {
  std::uint64_t changes = core_.access.changes();
  try {
    auto now = presentIdentity(core_, scope_);
    if (now->grants != identity_->grants || now->local != identity_->local) return false;
  } catch (const std::exception&) {
    return false;
  }
  changes_ = changes;
  return true;
}

std::shared_ptr<XetCaller> admitXetScope(Core& core, const http::Request& request, XetScope scope) {
  request.account.actor = scope.actor;
  auto identity = presentIdentity(core, scope);
  return std::make_shared<XetCaller>(core, std::move(scope), std::move(identity));
}

std::shared_ptr<XetCaller> admitXetToken(Core& core, const http::Request& request, Verb verb) {
  XetScope scope = openToken(core, tokenOf(request));
  if (verb == Verb::write && scope.verb != Verb::write)
    throw Error(Code::denied, "the Xet token is for reading: request one from the hub's xet-write-token route");
  return admitXetScope(core, request, std::move(scope));
}

}  // namespace regesta::api
