#include "base/name.h"

#include <regesta_native.h>

namespace regesta {
namespace {

const std::uint8_t* bytesOf(std::string_view text) { return reinterpret_cast<const std::uint8_t*>(text.data()); }

}  // namespace

std::string_view nameFault(std::string_view text) {
  switch (regesta_name_fault(bytesOf(text), text.size())) {
    case REGESTA_NAME_FINE:
      return {};
    case REGESTA_NAME_BLANK_EDGE:
      return "must not begin or end with a blank";
    case REGESTA_NAME_NOT_NFC:
      return "must be in the Unicode form NFC: an accented letter is one character";
    case REGESTA_NAME_MARKS:
      return "must not begin with a combining mark or stack more than three";
    case REGESTA_NAME_MIXED:
      return "must not mix scripts within a word, such as Latin and Cyrillic letters";
    case REGESTA_NAME_LOOKS_ASCII:
      return "must not hold other characters that look like ASCII letters or signs, except words of a name in one "
             "script";
    default:
      return "must not contain control characters, zero-width or bidirectional ones, or other invisible characters";
  }
}

std::string_view hiddenFault(std::string_view text) {
  int fault = regesta_name_fault(bytesOf(text), text.size());
  return fault == REGESTA_NAME_INVISIBLE || fault == REGESTA_NAME_BLANK_EDGE ? nameFault(text) : std::string_view();
}

bool hasInvisible(std::string_view text) {
  return regesta_name_fault(bytesOf(text), text.size()) == REGESTA_NAME_INVISIBLE;
}

std::string nameSkeleton(std::string_view text) {
  RegestaBuffer buffer{};
  regesta_name_skeleton(bytesOf(text), text.size(), &buffer);
  std::string skeleton(reinterpret_cast<const char*>(buffer.data), buffer.size);
  regesta_buffer_free(buffer);
  return skeleton;
}

bool areConfusable(std::string_view a, std::string_view b) {
  return regesta_names_look_alike(bytesOf(a), a.size(), bytesOf(b), b.size()) != 0;
}

}  // namespace regesta
