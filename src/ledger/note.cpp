#include "ledger/note.h"

#include <algorithm>
#include <optional>

#include "base/encoding.h"
#include "base/error.h"
#include "base/text.h"
#include "crypto/hash.h"

namespace regesta::ledger {
namespace {

constexpr std::string_view dash = "\u2014 ";
constexpr char ed25519 = '\x01';
constexpr std::size_t maximalNote = 1'000'000;
constexpr std::size_t maximalSignatures = 100;

using Failure = std::unexpected<std::string>;

std::uint32_t bigEndian(std::string_view bytes) {
  std::uint32_t number = 0;
  for (int i = 0; i < 4; ++i) number = number << 8 | static_cast<unsigned char>(bytes[static_cast<std::size_t>(i)]);
  return number;
}

std::string bigEndian(std::uint32_t number) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(number >> shift & 0xff));
  return bytes;
}

bool isNoteText(std::string_view text) {
  return isUtf8(text) &&
         std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\n'; });
}

std::optional<Signature> parseSignature(std::string_view line) {
  if (!line.starts_with(dash)) return std::nullopt;
  line.remove_prefix(dash.size());
  auto space = line.find(' ');
  if (space == std::string_view::npos || !isKeyName(line.substr(0, space))) return std::nullopt;
  auto bytes = base64Decode(line.substr(space + 1));
  if (!bytes || bytes->size() < 5) return std::nullopt;
  return Signature{std::string(line.substr(0, space)), bigEndian(std::string_view(*bytes)), bytes->substr(4)};
}

}  // namespace

bool isKeyName(std::string_view name) {
  return !name.empty() && isUtf8(name) && std::ranges::none_of(name, [](char c) {
    return static_cast<unsigned char>(c) <= 0x20 || c == '\x7f' || c == '+';
  });
}

std::uint32_t VerifierKey::id() const {
  std::string bytes = name + '\n' + ed25519 + publicKey;
  return bigEndian(crypto::view(crypto::sha256(bytes)).substr(0, 4));
}

std::string VerifierKey::text() const {
  return fmt::format("{}+{:08x}+{}", name, id(), base64Encode(ed25519 + publicKey));
}

std::expected<VerifierKey, std::string> parseVerifierKey(std::string_view text) {
  auto first = text.find('+');
  auto second = first == std::string_view::npos ? first : text.find('+', first + 1);
  if (second == std::string_view::npos) return Failure("a verifier key has the form NAME+ID+KEY");
  auto id = text.substr(first + 1, second - first - 1);
  auto key = base64Decode(text.substr(second + 1));
  if (!isKeyName(text.substr(0, first))) return Failure("the verifier key has no proper name before its first '+'");
  if (!key || key->empty()) return Failure("the last part of the verifier key is not base64");
  if (key->front() != ed25519 || key->size() != 33) return Failure("only Ed25519 verifier keys (type 1) are supported");
  VerifierKey result{std::string(text.substr(0, first)), key->substr(1)};
  if (id != fmt::format("{:08x}", result.id()))
    return Failure("the id in the verifier key does not belong to its name and key");
  return result;
}

std::string signNote(std::string_view text, std::string_view name, const crypto::KeyPair& key) {
  REGESTA_INVARIANT(isKeyName(name) && isNoteText(text) && text.ends_with('\n'));
  VerifierKey verifier{std::string(name), key.publicKey};
  std::string signature = bigEndian(verifier.id()) + crypto::sign(key, text);
  return fmt::format("{}\n{}{} {}\n", text, dash, name, base64Encode(signature));
}

std::expected<Note, std::string> parseNote(std::string_view bytes) {
  if (bytes.size() > maximalNote) return Failure("the note is too long");
  if (!isNoteText(bytes)) return Failure("the note is not plain UTF-8 text");
  auto split = bytes.rfind("\n\n");
  if (split == std::string_view::npos) return Failure("the note has no blank line before its signatures");
  Note note{std::string(bytes.substr(0, split + 1)), {}};
  std::string_view rest = bytes.substr(split + 2);
  if (rest.empty() || !rest.ends_with('\n')) return Failure("the note does not end in a signature line");
  while (!rest.empty()) {
    auto end = rest.find('\n');
    auto signature = parseSignature(rest.substr(0, end));
    if (!signature) return Failure("a signature line of the note is malformed");
    if (note.signatures.size() == maximalSignatures) return Failure("the note has too many signatures");
    note.signatures.push_back(std::move(*signature));
    rest.remove_prefix(end + 1);
  }
  return note;
}

std::expected<Note, std::string> openNote(std::string_view bytes, const VerifierKey& key) {
  auto note = parseNote(bytes);
  if (!note) return note;
  bool signedByKey = false;
  for (const Signature& signature : note->signatures) {
    if (signature.name != key.name || signature.id != key.id()) continue;
    if (!crypto::verify(key.publicKey, note->text, signature.bytes)) {
      return Failure(fmt::format("the signature by {} does not match the text", key.name));
    }
    signedByKey = true;
  }
  if (!signedByKey) return Failure(fmt::format("there is no signature by the key {} ({:08x})", key.name, key.id()));
  return note;
}

}  // namespace regesta::ledger
