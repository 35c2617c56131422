#include "api/sealed.h"

#include "base/encoding.h"
#include "base/error.h"
#include "base/time.h"
#include "crypto/password.h"

namespace regesta::api {
namespace {

std::string macOf(const Core& core, std::string_view purpose, std::string_view encoded) {
  return core.access.capability(fmt::format("{}/{}", purpose, encoded));
}

}  // namespace

std::string seal(const Core& core, std::string_view purpose, const json::object& payload) {
  std::string encoded = base64UrlEncode(writeJson(payload));
  return fmt::format("{}.{}", encoded, macOf(core, purpose, encoded));
}

std::optional<json::object> unseal(const Core& core, std::string_view purpose, std::string_view sealed) {
  std::size_t dot = sealed.find('.');
  if (dot == sealed.npos) return std::nullopt;
  std::string_view encoded = sealed.substr(0, dot);
  if (!crypto::constantTimeEquals(sealed.substr(dot + 1), macOf(core, purpose, encoded))) return std::nullopt;
  auto text = base64UrlDecode(encoded);
  if (!text) return std::nullopt;
  json::value payload = parseJson(*text);
  return payload.is_object() ? std::optional(std::move(payload.get_object())) : std::nullopt;
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
