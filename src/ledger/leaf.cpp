#include "ledger/leaf.h"

#include "base/encoding.h"
#include "base/id.h"
#include "base/json.h"
#include "base/time.h"
#include "crypto/hash.h"

namespace regesta::ledger {
namespace {

std::string envelope(std::int64_t id, std::string_view time, std::string_view body, std::string_view salt) {
  crypto::Sha256 hash;
  hash.update(salt);
  hash.update(body);
  // The members are in canonical order already.
  return fmt::format(R"({{"commitment":"{}","id":{},"time":"{}","v":2}})", crypto::hex(hash.finish()), id, time);
}

}  // namespace

std::string newSalt(std::int64_t timeMicros) {
  std::string salt;
  for (int shift = 56; shift >= 0; shift -= 8)
    salt.push_back(static_cast<char>((static_cast<std::uint64_t>(timeMicros) >> shift) & 0xff));
  return salt + randomBytes(saltBytes - salt.size());
}

std::string leafBytes(std::int64_t id, std::int64_t timeMicros, std::string_view body, std::string_view salt) {
  if (salt.empty()) return std::string(body);
  return envelope(id, formatTime(timeMicros / 1000), body, salt);
}

std::string disclosure(std::int64_t id, std::string_view body, std::string_view salt) {
  if (salt.empty()) return std::string(body);
  return fmt::format(R"({{"body":{},"id":{},"salt":"{}","v":2}})", body, id, hexEncode(salt));
}

Disclosed readDisclosure(std::string_view text) {
  json::error_code failure;
  json::value value = json::parse(text, failure);
  const json::object* object = failure ? nullptr : value.if_object();
  const json::value* body = object ? object->if_contains("body") : nullptr;
  auto salt = body ? hexDecode(memberText(*object, "salt")) : std::nullopt;
  if (!body || !body->is_object() || !salt || salt->size() != saltBytes) return {std::string(text), std::string(text)};
  std::string bytes = canonicalJson(*body);
  std::int64_t id = memberInteger(*object, "id");
  // One spelling: what a person reads in the file is what was committed to.
  if (disclosure(id, bytes, *salt) != text) return {std::string(text), std::string(text)};
  return {envelope(id, memberText(body->get_object(), "time"), bytes, *salt), bytes};
}

}  // namespace regesta::ledger
