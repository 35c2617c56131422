#pragma once
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/checkpoint.h"

namespace regesta::ledger {

/// Shows that a log extends an earlier checkpoint, in the form that C2SP tlog-witness gives to witnesses: "old SIZE",
/// the hashes of the proof, an empty line, and the newer signed checkpoint. Pure.
struct Extension {
  std::int64_t old = 0;
  std::vector<Hash> proof;
  std::string note;
};

std::string formatExtension(const Extension& extension);
std::expected<Extension, std::string> parseExtension(std::string_view text);

}  // namespace regesta::ledger
