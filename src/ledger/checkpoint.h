#pragma once
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "ledger/merkle.h"
#include "ledger/note.h"

namespace regesta::ledger {

/// C2SP tlog-checkpoint: the signed commitment of a log. Pure.
struct Checkpoint {
  std::string origin;
  std::int64_t size = 0;
  Hash root{};
  bool operator==(const Checkpoint&) const = default;
};

/// The text of the note, to be signed.
std::string formatCheckpoint(const Checkpoint& checkpoint);
/// Reads the text of a note. Extension lines are allowed and ignored.
std::expected<Checkpoint, std::string> parseCheckpoint(std::string_view text);
std::string signCheckpoint(const Checkpoint& checkpoint, const crypto::KeyPair& key);
/// The checkpoint if the note is signed by `key` and its origin is the key's name; otherwise the fault.
std::expected<Checkpoint, std::string> openCheckpoint(std::string_view note, const VerifierKey& key);

}  // namespace regesta::ledger
