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
  std::string extra;  ///< raw bytes that the proof carries along, usually empty
  std::int64_t index = 0;
  std::vector<Hash> proof;
  std::string note;  ///< the signed checkpoint, exactly as the log gave it
};

std::string formatReceipt(const Receipt& receipt);
std::expected<Receipt, std::string> parseReceipt(std::string_view text);
/// The checkpoint that covers the entry when everything fits: key, signature, index, proof and the entry's bytes.
/// Otherwise what does not.
std::expected<Checkpoint, std::string> verifyReceipt(std::string_view receipt, std::string_view entryBody,
                                                     const VerifierKey& key);

}  // namespace regesta::ledger
