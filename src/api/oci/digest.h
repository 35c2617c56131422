#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "blob/store.h"
#include "crypto/sha512.h"

namespace regesta::api::oci {

/// "sha256:…" or "sha512:…", as clients name content.
struct Digest {
  std::string text;
  bool isSha256() const { return text.starts_with("sha256:"); }
  /// Of the SHA-256: the name of the content in the store.
  std::string_view hex() const { return std::string_view(text).substr(text.find(':') + 1); }
  static Digest ofContent(std::string_view sha256) { return {"sha256:" + std::string(sha256)}; }
};
/// Empty for a text that is none, or an algorithm that this server does not compute.
std::optional<Digest> parseDigest(std::string_view text);
/// Throws OciError{DIGEST_INVALID}.
Digest requireDigest(std::string_view text);
/// The digest of `bytes` by the algorithm of `like`.
Digest digestOf(std::string_view bytes, const Digest& like);

/// Takes content and compares it with the digest that the client gave.
class CheckedWriter final : public blob::Writer {
 public:
  CheckedWriter(std::unique_ptr<blob::Writer> inner, Digest expected);
  void write(std::string_view bytes) override;
  const blob::Digest& finish() override { return inner_->finish(); }
  /// Throws OciError{DIGEST_INVALID}, and stores nothing, for other content.
  blob::Stored commit() override;
  /// The writer without the comparison, for content that ended early.
  blob::Writer& inner() { return *inner_; }

 private:
  std::unique_ptr<blob::Writer> inner_;
  Digest expected_;
  std::optional<crypto::Sha512> sha512_;
};

}  // namespace regesta::api::oci
