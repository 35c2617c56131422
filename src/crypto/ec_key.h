#pragma once
#include <expected>
#include <memory>
#include <string>
#include <string_view>

namespace regesta::crypto {

/// A key for ECDSA on P-256, P-384 or P-521, each with the SHA-2 of its size. Immutable, thread-safe.
class EcKey {
 public:
  /// A private or public key in PEM. The unexpected value says what is wrong with it.
  static std::expected<EcKey, std::string> fromPem(std::string_view pem);
  /// The P-256 key that follows from 32 secret bytes.
  static EcKey fromSecret(std::string_view secret);

  bool isPrivate() const;
  std::string curve() const;  ///< "P-256", "P-384" or "P-521"
  /// SubjectPublicKeyInfo in PEM, as openssl writes it.
  std::string publicPem() const;
  /// Hexadecimal SHA-256 of publicPem(): how signatures name the key.
  std::string id() const;
  std::string sign(std::string_view message) const;  ///< DER; needs isPrivate()
  bool verify(std::string_view message, std::string_view signature) const;

 private:
  struct Parts;
  explicit EcKey(std::shared_ptr<const Parts> parts) : parts_(std::move(parts)) {}
  std::shared_ptr<const Parts> parts_;
};

}  // namespace regesta::crypto
