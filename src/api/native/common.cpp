#include "api/native/common.h"

#include "base/encoding.h"
#include "base/text.h"
#include "base/time.h"
#include "governance/scope.h"

namespace regesta::api::native {

std::string makeToken(std::string_view place) { return base64UrlEncode(place); }

std::string readToken(std::string_view token) {
  if (token.empty()) return {};
  auto place = base64UrlDecode(token);
  if (!place || !isUtf8(*place)) throw Invalid("page_token", "must be the next_page_token of an earlier answer");
  return *place;
}

std::int64_t readNumberToken(std::string_view token) {
  if (token.empty()) return 0;
  auto number = parseInteger(readToken(token));
  if (!number || *number < 0) throw Invalid("page_token", "must be the next_page_token of an earlier answer");
  return *number;
}

registry::Kind kindOf(std::string_view kind) {
  auto parsed = registry::parseKind(kind);
  if (!parsed) throw Invalid("kind", "must be prompt, model, dataset, policy or artifact");
  return *parsed;
}

registry::AssetKey readable(const Call& call, std::string_view kind, std::string_view name) {
  registry::AssetKey key{call.workspace, kindOf(kind), std::string(name)};
  call.require(access::Verb::read, name);
  return key;
}

void requireReadable(const Call& call, const std::optional<registry::AssetKey>& about, std::string_view what) {
  auto allows = [&](access::Verb verb) {
    return about && about->workspace == call.workspace && call.identity->may(verb, call.workspace, about->name);
  };
  governance::requireVisible(*call.identity, access::Verb::read, call.workspace, what, allows,
                             error(Code::notFound, "there is no {} in workspace '{}'", what, call.workspace));
}

registry::AssetKey changeable(const Call& call, std::string_view kind, std::string_view name) {
  registry::AssetKey key{call.workspace, kindOf(kind), std::string(name)};
  call.require(key.kind == registry::Kind::policy ? access::Verb::administer : access::Verb::write, name);
  return key;
}

std::string selectorOf(const RawJson& raw, std::string_view field) {
  json::value value = raw.text.empty() ? json::value() : parseJson(raw.text);
  if (value.is_string() && !value.as_string().empty()) return std::string(value.as_string());
  if (value.is_int64() && value.as_int64() > 0) return std::to_string(value.as_int64());
  throw Invalid(std::string(field), "must be a version: a number, a SemVer or range, an alias, or \"latest\"");
}

std::optional<std::string> timeText(std::int64_t millis) {
  if (millis == 0) return std::nullopt;
  return formatTime(millis);
}

std::optional<std::int64_t> momentOf(std::string_view text, std::string_view field) {
  if (text.empty()) return std::nullopt;
  auto millis = parseTime(text);
  if (!millis) throw Invalid(std::string(field), "must be an RFC 3339 time, for example 2026-11-25T02:15:12Z");
  return millis;
}

std::optional<std::string> optionalText(std::string_view text) {
  if (text.empty()) return std::nullopt;
  return std::string(text);
}

}  // namespace regesta::api::native
