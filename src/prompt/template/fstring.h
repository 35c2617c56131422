#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "prompt/template/scan.h"

namespace regesta::prompt {

/// One piece of a Python format string: text with {{ and }} resolved, or a field.
struct FStringPiece {
  bool field = false;
  std::string text;        ///< text
  std::string name;        ///< "user" of {user.name!r:>10}
  std::string path;        ///< ".name" and "[0]" after the name
  std::string conversion;  ///< "!r", ":>10": not supported
  std::size_t offset = 0;
};
struct FString {
  std::vector<FStringPiece> pieces;
  std::vector<TemplateFault> faults;
};

/// By str.format's rules, names only: {} and {0} are faults.
FString parseFString(std::string_view text);

}  // namespace regesta::prompt
