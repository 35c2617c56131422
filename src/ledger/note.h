#pragma once
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/sign.h"

/// C2SP signed notes with Ed25519 keys: a text with signature lines below it. Pure.
namespace regesta::ledger {

/// A public key with a name, written as "name+id+base64" (a vkey).
struct VerifierKey {
  std::string name;
  std::string publicKey;  ///< 32 raw bytes
  std::uint32_t id() const;
  std::string text() const;
  bool operator==(const VerifierKey&) const = default;
};
/// The unexpected value says what is wrong with the text.
std::expected<VerifierKey, std::string> parseVerifierKey(std::string_view text);
/// Not empty, no white space, no '+', valid UTF-8.
bool isKeyName(std::string_view name);

struct Signature {
  std::string name;
  std::uint32_t id = 0;
  std::string bytes;  ///< after the key id
};
struct Note {
  std::string text;  ///< with its last newline: what was signed
  std::vector<Signature> signatures;
};

/// `text` must be valid UTF-8 without control characters and end in a newline.
std::string signNote(std::string_view text, std::string_view name, const crypto::KeyPair& key);
/// Parses a note without verifying it.
std::expected<Note, std::string> parseNote(std::string_view bytes);
/// The note if `key` has signed it; otherwise the fault as a sentence.
std::expected<Note, std::string> openNote(std::string_view bytes, const VerifierKey& key);

}  // namespace regesta::ledger
