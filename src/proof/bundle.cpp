#include "proof/bundle.h"

#include "base/encoding.h"
#include "base/error.h"
#include "base/text.h"

namespace regesta::proof {
namespace {

constexpr std::string_view mediaType = "application/vnd.dev.sigstore.bundle.v0.3+json";
constexpr std::string_view payloadType = "application/vnd.in-toto+json";

/// DSSE's pre-authentication encoding: what is signed.
std::string encodedForSignature(std::string_view type, std::string_view body) {
  return fmt::format("DSSEv1 {} {} {} {}", type.size(), type, body.size(), body);
}

/// Standard base64; producers in Go's style use it, and some the URL-safe form.
std::optional<std::string> decoded(const std::string& text) {
  if (auto bytes = base64Decode(text)) return bytes;
  std::string bare = text.substr(0, text.find('='));
  return base64UrlDecode(bare);
}

const json::object* objectIn(const json::object& parent, std::string_view name) {
  const json::value* value = parent.if_contains(name);
  return value && value->is_object() ? &value->get_object() : nullptr;
}

}  // namespace

json::object signStatement(const json::object& statement, const crypto::EcKey& key) {
  std::string payload = canonicalJson(statement);
  std::string signature = key.sign(encodedForSignature(payloadType, payload));
  json::array signatures{json::object{{"sig", base64Encode(signature)}, {"keyid", key.id()}}};
  return {{"mediaType", mediaType},
          {"verificationMaterial",
           json::object{{"publicKey", json::object{{"hint", key.id()}}}, {"tlogEntries", json::array()}}},
          {"dsseEnvelope", json::object{{"payload", base64Encode(payload)},
                                        {"payloadType", payloadType},
                                        {"signatures", std::move(signatures)}}}};
}

std::expected<json::object, std::string> openStatement(std::string_view text, const crypto::EcKey& key) {
  json::value bundle;
  try {
    bundle = parseJson(text);
  } catch (const Error& failure) {
    return std::unexpected("the signature is not JSON: " + failure.message);
  }
  const json::object* root = bundle.is_object() ? &bundle.get_object() : nullptr;
  if (!root || memberText(*root, "mediaType") != mediaType)
    return std::unexpected(fmt::format("the signature is not a Sigstore bundle ({})", mediaType));
  if (const json::object* material = objectIn(*root, "verificationMaterial"))
    if (const json::object* named = objectIn(*material, "publicKey"))
      if (std::string hint = memberText(*named, "hint"); !hint.empty() && hint != key.id())
        return std::unexpected(
            fmt::format("the signature was made by the key {}, the given one is {}", shorten(hint, 80), key.id()));
  const json::object* envelope = objectIn(*root, "dsseEnvelope");
  if (!envelope || memberText(*envelope, "payloadType") != payloadType)
    return std::unexpected("the signature has no DSSE envelope with an in-toto statement");
  auto payload = decoded(memberText(*envelope, "payload"));
  const json::value* signatures = envelope->if_contains("signatures");
  if (!payload || !signatures || !signatures->is_array() || signatures->get_array().size() != 1 ||
      !signatures->get_array()[0].is_object())
    return std::unexpected("the envelope must have a payload and exactly one signature");
  auto signature = decoded(memberText(signatures->get_array()[0].get_object(), "sig"));
  if (!signature || !key.verify(encodedForSignature(payloadType, *payload), *signature))
    return std::unexpected(fmt::format("the key {} did not sign this", key.id()));
  json::value statement;
  try {
    statement = parseJson(*payload);
  } catch (const Error& failure) {
    return std::unexpected("the signed statement is not JSON: " + failure.message);
  }
  if (!statement.is_object() || memberText(statement.get_object(), "_type") != statementType)
    return std::unexpected("what is signed is not an in-toto statement v1");
  return std::move(statement.get_object());
}

}  // namespace regesta::proof
