#pragma once
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/sign.h"
#include "ledger/note.h"

/// C2SP tlog-cosignature v1 with Ed25519: a witness states that at a time it had seen no tree that contradicts a
/// checkpoint. Pure.
namespace regesta::ledger {

/// A witness's public key, written "name+id+base64" like a verifier key, with the signature type 4.
struct WitnessKey {
  std::string name;
  std::string publicKey;  ///< 32 raw bytes
  std::uint32_t id() const;
  std::string text() const;
  bool operator==(const WitnessKey&) const = default;
};
/// The unexpected value says what is wrong with the text.
std::expected<WitnessKey, std::string> parseWitnessKey(std::string_view text);

struct Cosignature {
  std::size_t key = 0;    ///< position among the given keys
  std::int64_t time = 0;  ///< seconds since 1970
  std::string line;       ///< of the note, with its newline
};
/// The cosignatures by `keys`, at most one per key; those of unknown keys are ignored. A cosignature by a known key
/// that does not match the text is a fault.
std::expected<std::vector<Cosignature>, std::string> cosignaturesOf(const Note& note, std::span<const WitnessKey> keys);

}  // namespace regesta::ledger
