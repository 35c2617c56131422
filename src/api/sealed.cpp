#include "api/sealed.h"

#include "access/credential.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/time.h"
#include "crypto/password.h"

namespace regesta::api {
namespace {

/// Changes with the password or token of `actor`.
std::string macOf(const Core& core, std::string_view purpose, std::string_view encoded, std::string_view actor) {
  std::string credential =
      core.store.read([&](db::Transaction& transaction) { return access::credentialOf(transaction, actor); });
  return core.access.capability(fmt::format("{}/{}\n{}\n{}", purpose, encoded, actor, credential));
}

struct SealedPayload {
  json::object members;
  std::string actor;
};

/// Of a text that anybody may have written.
std::optional<SealedPayload> readSealedPayload(std::string_view encoded) {
  try {
    json::value value = parseJson(base64UrlDecode(encoded).value_or(""));
    if (!value.is_object()) return std::nullopt;
    SealedPayload payload{std::move(value.get_object()), {}};
    payload.actor = memberText(payload.members, "actor");
    return payload;
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace

std::string seal(const Core& core, std::string_view purpose, const json::object& payload) {
  std::string encoded = base64UrlEncode(writeJson(payload));
  return fmt::format("{}.{}", encoded, macOf(core, purpose, encoded, memberText(payload, "actor")));
}

std::optional<json::object> unseal(const Core& core, std::string_view purpose, std::string_view sealed) {
  std::size_t dot = sealed.find('.');
  if (dot == sealed.npos) return std::nullopt;
  std::string_view encoded = sealed.substr(0, dot);
  std::optional<SealedPayload> payload = readSealedPayload(encoded);
  if (!payload) return std::nullopt;
  if (!crypto::constantTimeEquals(sealed.substr(dot + 1), macOf(core, purpose, encoded, payload->actor)))
    return std::nullopt;
  return std::move(payload->members);
}

std::string sealGrant(const Core& core, std::string_view purpose, json::object payload, std::int64_t seconds) {
  payload["exp"] = nowMillis() / 1000 + seconds;
  return "grant=" + seal(core, purpose, payload);
}

json::object openGrant(const Core& core, std::string_view purpose, const http::Request& request) {
  std::optional<json::object> payload;
  for (const auto& [name, value] : http::parseQuery(request.query))
    if (name == "grant") payload = unseal(core, purpose, value);
  if (!payload) throw Error(Code::denied, "this server did not issue this address: request another");
  if (memberInteger(*payload, "exp") * 1000 <= nowMillis())
    throw Error(Code::denied, "this address has expired: request another");
  return *std::move(payload);
}

}  // namespace regesta::api
