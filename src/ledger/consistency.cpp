#include "ledger/consistency.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/text.h"

namespace regesta::ledger {

std::string formatExtension(const Extension& extension) {
  std::string text = fmt::format("old {}\n", extension.old);
  for (const Hash& hash : extension.proof) text += base64Encode(crypto::view(hash)) + "\n";
  return text + "\n" + extension.note;
}

std::expected<Extension, std::string> parseExtension(std::string_view text) {
  std::size_t split = text.find("\n\n");
  if (split == std::string_view::npos || !text.starts_with("old "))
    return std::unexpected("the consistency proof is not in the form of C2SP tlog-witness");
  Extension extension{.note = std::string(text.substr(split + 2))};
  bool first = true;
  for (std::string_view line : regesta::split(text.substr(0, split), '\n')) {
    if (std::exchange(first, false)) {
      auto size = parseInteger(line.substr(4));
      if (!size || *size < 0) return std::unexpected("the consistency proof has no size");
      extension.old = *size;
      continue;
    }
    auto bytes = base64Decode(line);
    if (!bytes || bytes->size() != sizeof(Hash))
      return std::unexpected("a line of the consistency proof is not a hash");
    std::copy(bytes->begin(), bytes->end(), extension.proof.emplace_back().begin());
  }
  return extension;
}

}  // namespace regesta::ledger
