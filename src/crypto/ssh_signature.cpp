#include "crypto/ssh_signature.h"

#include <sodium.h>

#include "base/encoding.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "crypto/sign.h"
#include "crypto/sodium.h"

namespace regesta::crypto {
namespace {

constexpr std::string_view magic = "SSHSIG", ed25519 = "ssh-ed25519";
constexpr std::string_view begin = "-----BEGIN SSH SIGNATURE-----", end = "-----END SSH SIGNATURE-----";
constexpr std::size_t mostArmour = 16 * 1024;

/// SSH's wire format: numbers of four bytes, texts after their length. A read past the end makes it `failed`.
class Wire {
 public:
  explicit Wire(std::string_view bytes) : rest_(bytes) {}
  std::string_view raw(std::size_t count) {
    if (count > rest_.size()) failed_ = true;
    std::string_view taken = rest_.substr(0, failed_ ? 0 : count);
    rest_.remove_prefix(taken.size());
    return taken;
  }
  std::uint32_t number() {
    std::uint32_t value = 0;
    for (unsigned char c : raw(4)) value = value << 8 | c;
    return value;
  }
  std::string_view text() { return raw(number()); }
  bool failed() const { return failed_; }

 private:
  std::string_view rest_;
  bool failed_ = false;
};

void appendText(std::string& out, std::string_view text) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(text.size() >> shift & 0xFF);
  out += text;
}

std::optional<std::string> unarmoured(std::string_view text) {
  text = trim(text);
  if (text.size() > mostArmour || !text.starts_with(begin) || !text.ends_with(end)) return std::nullopt;
  text.remove_prefix(begin.size());
  if (text.size() < end.size()) return std::nullopt;
  text.remove_suffix(end.size());
  std::string base64;
  for (char c : text)
    if (c != '\n' && c != '\r' && c != ' ') base64 += c;
  return base64Decode(base64);
}

std::string sha512(std::string_view bytes) {
  initSodium();
  std::string out(crypto_hash_sha512_BYTES, '\0');
  crypto_hash_sha512(reinterpret_cast<unsigned char*>(out.data()), reinterpret_cast<const unsigned char*>(bytes.data()),
                     bytes.size());
  return out;
}

}  // namespace

std::optional<SshSignature> readSshSignature(std::string_view armoured, std::string_view nameSpace,
                                             std::string_view message) {
  auto bytes = unarmoured(armoured);
  if (!bytes) return std::nullopt;
  Wire wire(*bytes);
  if (wire.raw(magic.size()) != magic || wire.number() != 1) return std::nullopt;
  std::string_view key = wire.text(), space = wire.text(), reserved = wire.text(), hash = wire.text(),
                   signature = wire.text();
  if (wire.failed() || space != nameSpace) return std::nullopt;
  Wire keyWire(key), signatureWire(signature);
  SshSignature result;
  result.keyType = keyWire.text();
  std::string_view publicKey = keyWire.text(), signedWith = signatureWire.text(), proof = signatureWire.text();
  std::string digest = base64Encode(view(sha256(key)));
  result.fingerprint = "SHA256:" + digest.substr(0, digest.find('='));
  if (keyWire.failed() || signatureWire.failed() || result.keyType.size() > 64) return std::nullopt;
  if (result.keyType != ed25519 || signedWith != ed25519 || (hash != "sha512" && hash != "sha256")) return result;
  std::string about(magic);
  for (std::string_view part : {space, reserved, hash}) appendText(about, part);
  appendText(about, hash == "sha512" ? sha512(message) : std::string(view(sha256(message))));
  result.verified = verify(publicKey, about, proof);
  return result;
}

}  // namespace regesta::crypto
