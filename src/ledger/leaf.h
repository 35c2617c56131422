#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// The leaf of an entry, which the tree hashes, publishes and proves. Pure.
namespace regesta::ledger {

/// Eight bytes of time, so that new salts sort last in their index, and sixteen random ones.
inline constexpr std::size_t saltBytes = 24;
std::string newSalt(std::int64_t timeMicros);

/// The leaf of an entry with a salt: canonical JSON {"commitment","id","time","v":2}. `commitment` is the SHA-256 of
/// salt and body as hexadecimal, `id` the entry's row. Without a salt (entries written before salts) it is the body.
std::string leafBytes(std::int64_t id, std::int64_t timeMicros, std::string_view body, std::string_view salt);

/// The disclosure that a reader of the entry passes to a verifier of its receipt: canonical JSON
/// {"body","id","salt","v":2}, the salt as hexadecimal; without a salt, the body.
std::string disclosure(std::int64_t id, std::string_view body, std::string_view salt);

struct Disclosed {
  std::string leaf;  ///< the expected bytes in the tree
  std::string body;
};
/// Reads a disclosure. Any other text is its own leaf and body: an entry without a salt.
Disclosed readDisclosure(std::string_view text);

}  // namespace regesta::ledger
