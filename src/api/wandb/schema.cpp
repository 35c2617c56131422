#include "api/wandb/schema.h"

#include <regesta_native.h>

#include "base/error.h"
#include "base/text.h"

namespace regesta::api::wandb {
namespace {

constexpr std::string_view schemaText =
#include "api/wandb/schema.inc"
    ;

const std::uint8_t* bytesOf(std::string_view text) { return reinterpret_cast<const std::uint8_t*>(text.data()); }

std::string take(RegestaBuffer& buffer) {
  std::string text(reinterpret_cast<const char*>(buffer.data), buffer.size);
  regesta_buffer_free(buffer);
  return text;
}

const RegestaGraphql* schema() {
  static const RegestaGraphql* const read = [] {
    RegestaBuffer fault{};
    const RegestaGraphql* made = regesta_graphql_schema(bytesOf(schemaText), schemaText.size(), &fault);
    if (!made) throw error(Code::internal, "schema.graphql cannot be read: {}", take(fault));
    return made;
  }();
  return read;
}

}  // namespace

json::object planOf(std::string_view body) {
  RegestaBuffer out{};
  int result = regesta_graphql_plan(schema(), bytesOf(body), body.size(), &out);
  std::string text = take(out);
  if (result == REGESTA_OK) return json::parse(text).as_object();
  if (result != REGESTA_ERROR) throw error(Code::internal, "planning a GraphQL request failed: {}", text);
  throw Error(Code::invalid, shorten(memberText(json::parse(text).as_object(), "message"), 2000));
}

}  // namespace regesta::api::wandb
