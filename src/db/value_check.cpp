#include "db/value_check.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"

namespace regesta::db {

void requireStorableText(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) throw Error(Code::invalid, "text must not contain NUL bytes");
  if (!isUtf8(text)) throw Error(Code::invalid, "text must be valid UTF-8");
}

std::string takenMessage(std::string_view table, std::string_view columns) {
  return fmt::format("there is already a record in {} with this {}", table, columns);
}

void requireNotifiable(std::string_view channel, std::string_view payload) {
  if (channel.empty() || channel.size() > 63) throw Error(Code::invalid, "a channel name has 1 to 63 bytes");
  if (payload.size() > 7999) throw Error(Code::invalid, "a notification carries at most 7999 bytes");
  requireStorableText(channel);
  requireStorableText(payload);
}

}  // namespace regesta::db
