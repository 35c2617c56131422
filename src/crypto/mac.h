#pragma once
#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace regesta::crypto {

/// A key that authenticates rows and entries which a database administrator must not be able to forge. It is derived
/// from a secret that is kept outside the database and never stored itself. Immutable, so thread-safe.
class MacKey {
 public:
  /// One key per purpose, by HKDF-SHA-256 (RFC 5869) with `purpose` as info: tags made for one purpose never verify
  /// for another. `secret` is at least 32 bytes of key material, such as the seed of the ledger's signing key.
  static MacKey derive(std::string_view secret, std::string_view purpose);

  /// HMAC-SHA-256 over the parts, each preceded by its length in 8 bytes, as 64 hexadecimal digits. ("a", "bc") and
  /// ("ab", "c") have different tags.
  std::string tag(std::initializer_list<std::string_view> parts) const;
  /// False for any other text than tag(parts). Takes the same time for every `claimed` of that length.
  bool verify(std::initializer_list<std::string_view> parts, std::string_view claimed) const;

 private:
  explicit MacKey(std::string key) : key_(std::move(key)) {}
  std::string key_;  // raw 32 bytes
};

}  // namespace regesta::crypto
