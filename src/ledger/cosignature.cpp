#include "ledger/cosignature.h"

#include <algorithm>
#include <limits>

#include "base/encoding.h"
#include "base/error.h"
#include "crypto/hash.h"

namespace regesta::ledger {
namespace {

constexpr char cosignatureType = '\x04';
constexpr std::size_t timeBytes = 8, keyBytes = 32, signatureBytes = 64;

std::string signedText(std::string_view text, std::int64_t seconds) {
  return fmt::format("cosignature/v1\ntime {}\n{}", seconds, text);
}

std::string bigEndianBytes(std::uint64_t number, int bytes) {
  std::string text;
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) text.push_back(static_cast<char>(number >> shift & 0xff));
  return text;
}

std::uint64_t readBigEndian(std::string_view bytes) {
  std::uint64_t number = 0;
  for (char byte : bytes) number = number << 8 | static_cast<unsigned char>(byte);
  return number;
}

std::string lineOf(std::string_view name, std::uint32_t id, std::string_view bytes) {
  return fmt::format("\u2014 {} {}\n", name, base64Encode(bigEndianBytes(id, 4) + std::string(bytes)));
}

}  // namespace

std::uint32_t WitnessKey::id() const {
  std::string bytes = name + '\n' + cosignatureType + publicKey;
  return static_cast<std::uint32_t>(readBigEndian(crypto::view(crypto::sha256(bytes)).substr(0, 4)));
}

std::string WitnessKey::text() const {
  return fmt::format("{}+{:08x}+{}", name, id(), base64Encode(cosignatureType + publicKey));
}

std::expected<WitnessKey, std::string> parseWitnessKey(std::string_view text) {
  auto first = text.find('+');
  auto second = first == std::string_view::npos ? first : text.find('+', first + 1);
  if (second == std::string_view::npos) return std::unexpected("a witness key has the form NAME+ID+KEY");
  auto bytes = base64Decode(text.substr(second + 1));
  if (!isKeyName(text.substr(0, first)))
    return std::unexpected("the witness key has no proper name before its first '+'");
  if (!bytes || bytes->size() != 1 + keyBytes)
    return std::unexpected("the last part of the witness key is not a type and 32 bytes in base64");
  if (bytes->front() != cosignatureType)
    return std::unexpected(
        "the key is not for cosignatures with Ed25519 (type 4): give the key that the witness publishes for "
        "C2SP tlog-cosignature");
  WitnessKey key{std::string(text.substr(0, first)), bytes->substr(1)};
  if (text.substr(first + 1, second - first - 1) != fmt::format("{:08x}", key.id()))
    return std::unexpected("the id in the witness key does not belong to its name and key");
  return key;
}

std::expected<std::vector<Cosignature>, std::string> cosignaturesOf(const Note& note,
                                                                    std::span<const WitnessKey> keys) {
  std::vector<Cosignature> found;
  for (const Signature& signature : note.signatures) {
    auto key = std::ranges::find_if(
        keys, [&](const WitnessKey& one) { return one.name == signature.name && one.id() == signature.id; });
    if (key == keys.end()) continue;
    std::size_t position = static_cast<std::size_t>(key - keys.begin());
    std::uint64_t seconds = 0;
    bool good = signature.bytes.size() == timeBytes + signatureBytes;
    if (good) {
      seconds = readBigEndian(std::string_view(signature.bytes).substr(0, timeBytes));
      good = seconds <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max() / 1'000'000) &&
             crypto::verify(key->publicKey, signedText(note.text, static_cast<std::int64_t>(seconds)),
                            std::string_view(signature.bytes).substr(timeBytes));
    }
    if (!good)
      return std::unexpected(fmt::format("the cosignature by {} does not match the checkpoint", signature.name));
    if (std::ranges::find(found, position, &Cosignature::key) != found.end()) continue;
    found.push_back(
        {position, static_cast<std::int64_t>(seconds), lineOf(signature.name, signature.id, signature.bytes)});
  }
  return found;
}

}  // namespace regesta::ledger
