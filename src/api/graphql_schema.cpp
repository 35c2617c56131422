#include "api/graphql_schema.h"

#include <regesta_native.h>

#include "base/text.h"

namespace regesta::api::graphql {
namespace {

const std::uint8_t* bytesOf(std::string_view text) { return reinterpret_cast<const std::uint8_t*>(text.data()); }

std::string take(RegestaBuffer& buffer) {
  std::string text(reinterpret_cast<const char*>(buffer.data), buffer.size);
  regesta_buffer_free(buffer);
  return text;
}

}  // namespace

Schema::Schema(std::string_view text) {
  RegestaBuffer fault{};
  read_ = regesta_graphql_schema(bytesOf(text), text.size(), &fault);
  if (!read_) throw error(Code::internal, "a GraphQL schema cannot be read: {}", take(fault));
}

json::object Schema::planOf(std::string_view body) const {
  RegestaBuffer out{};
  int result = regesta_graphql_plan(read_, bytesOf(body), body.size(), &out);
  std::string text = take(out);
  if (result == REGESTA_OK) return json::parse(text).as_object();
  if (result != REGESTA_ERROR) throw error(Code::internal, "planning a GraphQL request failed: {}", text);
  json::object fault = json::parse(text).as_object();
  std::string message = shorten(memberText(fault, "message"), 2000);
  if (memberText(fault, "code") == "root") throw UnknownRoot(Code::invalid, message);
  throw Error(Code::invalid, message);
}

}  // namespace regesta::api::graphql
