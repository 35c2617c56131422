#include "base/encoding.h"
#include "base/json.h"
#include "base/text.h"
#include "filter/filter.h"
#include "filter/query_error.h"

namespace regesta::filter {
namespace {

std::optional<std::int64_t> wholeNumber(const json::value& value) {
  if (value.is_int64()) return value.get_int64();
  if (value.is_string()) return parseInteger(std::string_view(value.get_string()));
  return std::nullopt;
}

}  // namespace

std::string pageToken(std::int64_t offset) { return base64Encode(fmt::format("{{\"offset\": {}}}", offset)); }

std::int64_t parsePageToken(std::string_view token) {
  if (token.empty()) return 0;
  std::optional<std::string> text = base64Decode(token);
  if (!text) refusePageToken("encoding");
  boost::system::error_code failed;
  json::value parsed = json::parse(*text, failed);
  std::string shown = isUtf8(*text) ? shorten(*text, 200) : std::string("bytes");
  if (failed || !parsed.is_object()) refusePageToken("content", shown);
  const json::value* offset = parsed.get_object().if_contains("offset");
  std::optional<std::int64_t> number = offset ? wholeNumber(*offset) : std::nullopt;
  if (!number || *number <= 0) refusePageToken("number", shown);
  return *number;
}

}  // namespace regesta::filter
