#pragma once
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/checkpoint.h"

namespace regesta::ledger {

/// C2SP tlog-proof: shows offline that an entry is in a log. Pure.
struct Receipt {
  std::string extra;  ///< additional raw bytes of the proof, usually empty
  std::int64_t index = 0;
  std::vector<Hash> proof;
  std::string note;  ///< the signed checkpoint, unchanged
};

std::string formatReceipt(const Receipt& receipt);
std::expected<Receipt, std::string> parseReceipt(std::string_view text);
/// The checkpoint that covers the entry, if key, signature, index, proof and the entry's bytes all match. Otherwise the
/// fault. `entry` is Logged::disclosure(), or the published leaf itself.
std::expected<Checkpoint, std::string> verifyReceipt(std::string_view receipt, std::string_view entry,
                                                     const VerifierKey& key);

}  // namespace regesta::ledger
