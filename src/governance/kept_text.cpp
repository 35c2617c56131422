#include "governance/kept_text.h"

#include "base/error.h"
#include "base/redact.h"
#include "base/text.h"

namespace regesta::governance {

std::string keptText(std::string_view field, std::string_view text, std::size_t limit) {
  if (text.size() > limit || !isUtf8(text) || text.find('\0') != text.npos)
    throw Invalid(std::string(field), fmt::format("must be at most {} bytes of UTF-8", limit));
  return redactText(std::string(text));
}

std::string requiredText(std::string_view field, std::string_view text, std::size_t limit) {
  if (trim(text).empty()) throw Invalid(std::string(field), "is required");
  return keptText(field, text, limit);
}

}  // namespace regesta::governance
