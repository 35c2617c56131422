#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace regesta::prompt {

/// A text in the form of a key.
struct Secret {
  std::string_view what;  ///< "an OpenAI key"
  std::string masked;     ///< its first letters, then "…"
  std::size_t offset = 0;
};

/// Keys by their well-known forms: providers' prefixes with enough characters after them, private keys in PEM, JSON web
/// tokens. At most 20. Linear.
std::vector<Secret> secretsIn(std::string_view text);

}  // namespace regesta::prompt
