#include "api/oci/digest.h"

#include "api/oci/dialect.h"
#include "base/encoding.h"
#include "base/text.h"
#include "crypto/hash.h"

namespace regesta::api::oci {

std::optional<Digest> parseDigest(std::string_view text) {
  bool fine = (text.starts_with("sha256:") && isLowerHex(text.substr(7), 64)) ||
              (text.starts_with("sha512:") && isLowerHex(text.substr(7), 128));
  return fine ? std::optional(Digest{std::string(text)}) : std::nullopt;
}

Digest requireDigest(std::string_view text) {
  if (auto digest = parseDigest(text)) return *std::move(digest);
  throw invalid("DIGEST_INVALID",
                "'{}' is not a digest: it must be sha256: or sha512: and lower-case hexadecimal digits",
                shorten(text, 80));
}

Digest digestOf(std::string_view bytes, const Digest& like) {
  if (like.isSha256()) return Digest::ofContent(crypto::sha256Hex(bytes));
  crypto::Sha512 hash;
  hash.update(bytes);
  return {"sha512:" + hash.finish()};
}

CheckedWriter::CheckedWriter(std::unique_ptr<blob::Writer> inner, Digest expected)
    : inner_(std::move(inner)), expected_(std::move(expected)) {
  if (!expected_.isSha256()) sha512_.emplace();
}

void CheckedWriter::write(std::string_view bytes) {
  if (sha512_) sha512_->update(bytes);
  inner_->write(bytes);
}

blob::Stored CheckedWriter::commit() {
  std::string found = sha512_ ? "sha512:" + sha512_->finish() : "sha256:" + inner_->finish();
  if (found != expected_.text)
    throw invalid("DIGEST_INVALID", "the content has the digest {}, not {}; nothing was stored", found, expected_.text);
  return inner_->commit();
}

}  // namespace regesta::api::oci
