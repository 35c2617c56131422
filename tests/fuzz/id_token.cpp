// ID tokens and key sets from anybody: the first line is a key set, the rest a token. Whatever a fuzzer makes up, no
// token is taken under a key that never signed anything.
// rooms: governance
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "access/oidc/id_token.h"
#include "base/error.h"
#include "crypto/sign.h"

using namespace regesta;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  std::size_t line = bytes.find('\n');
  std::string_view token = line == std::string_view::npos ? bytes : bytes.substr(line + 1);
  try {
    for (const crypto::Jwk& key : crypto::readJwkSet(bytes.substr(0, line)))
      crypto::verifyJws(crypto::parseJws(token), key);
  } catch (const Error&) {
  }
  static const crypto::Jwk ours{
      crypto::JwsAlgorithm::eddsa, "k", "", "", crypto::keyPairFromSeed(std::string(32, 's')).publicKey, ""};
  try {
    access::oidc::readIdToken(token, [](const crypto::Jws&) { return ours; }, {"https://id.example", "c", "n", 1});
  } catch (const Error&) {
    return 0;
  }
  std::abort();
}
