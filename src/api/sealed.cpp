#include "api/sealed.h"

#include "base/encoding.h"
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

}  // namespace regesta::api
