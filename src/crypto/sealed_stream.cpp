#include "crypto/sealed_stream.h"

#include <sodium.h>

#include "base/error.h"
#include "base/id.h"
#include "crypto/sodium.h"

namespace regesta::crypto {
namespace {

static_assert(sealedExtra == crypto_secretstream_xchacha20poly1305_ABYTES);
static_assert(sealedHeader == crypto_secretstream_xchacha20poly1305_HEADERBYTES);

constexpr unsigned long long mostPasses = 20;
constexpr std::size_t mostMemory = std::size_t{4} << 30;

const unsigned char* bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

void requireKey(std::string_view key) {
  if (key.size() != crypto_secretstream_xchacha20poly1305_KEYBYTES) throw Error(Code::internal, "a key has 32 bytes");
}

}  // namespace

KeyRecipe newKeyRecipe() { return {randomBytes(crypto_pwhash_SALTBYTES)}; }

std::string keyFrom(std::string_view passphrase, const KeyRecipe& recipe) {
  initSodium();
  if (recipe.salt.size() != crypto_pwhash_SALTBYTES || recipe.passes < 1 || recipe.passes > mostPasses ||
      recipe.memoryBytes < crypto_pwhash_MEMLIMIT_MIN || recipe.memoryBytes > mostMemory)
    throw Error(Code::invalid, "the recipe of the key is damaged, or made by another program");
  std::string key(crypto_secretstream_xchacha20poly1305_KEYBYTES, '\0');
  if (crypto_pwhash(bytes(key), key.size(), passphrase.data(), passphrase.size(), bytes(recipe.salt), recipe.passes,
                    recipe.memoryBytes, crypto_pwhash_ALG_ARGON2ID13) != 0)
    throw error(Code::unavailable, "not enough memory to make the key: {} MiB are needed", recipe.memoryBytes >> 20);
  return key;
}

struct Sealer::State {
  crypto_secretstream_xchacha20poly1305_state stream;
  std::string header, name;
  ~State() { sodium_memzero(&stream, sizeof stream); }
};

Sealer::Sealer(std::string_view key, std::string_view name) : state_(std::make_unique<State>()) {
  initSodium();
  requireKey(key);
  state_->name = name;
  state_->header.resize(sealedHeader);
  crypto_secretstream_xchacha20poly1305_init_push(&state_->stream, bytes(state_->header), bytes(key));
}
Sealer::~Sealer() = default;

const std::string& Sealer::header() const { return state_->header; }

std::string Sealer::seal(std::string_view piece, bool last) {
  std::string sealed(piece.size() + sealedExtra, '\0');
  auto tag = static_cast<unsigned char>(last ? crypto_secretstream_xchacha20poly1305_TAG_FINAL
                                             : crypto_secretstream_xchacha20poly1305_TAG_MESSAGE);
  crypto_secretstream_xchacha20poly1305_push(&state_->stream, bytes(sealed), nullptr, bytes(piece), piece.size(),
                                             bytes(state_->name), state_->name.size(), tag);
  return sealed;
}

struct Opener::State {
  crypto_secretstream_xchacha20poly1305_state stream;
  std::string name;
  bool complete = false;
  ~State() { sodium_memzero(&stream, sizeof stream); }
};

Opener::Opener(std::string_view key, std::string_view name, std::string_view header)
    : state_(std::make_unique<State>()) {
  initSodium();
  requireKey(key);
  state_->name = name;
  if (header.size() != sealedHeader ||
      crypto_secretstream_xchacha20poly1305_init_pull(&state_->stream, bytes(header), bytes(key)) != 0)
    throw error(Code::corrupt, "{} does not begin as an encrypted file does", name);
}
Opener::~Opener() = default;

std::string Opener::open(std::string_view sealed) {
  unsigned char tag = 0;
  std::string piece(sealed.size() < sealedExtra ? 0 : sealed.size() - sealedExtra, '\0');
  if (state_->complete || sealed.size() < sealedExtra ||
      crypto_secretstream_xchacha20poly1305_pull(&state_->stream, bytes(piece), nullptr, &tag, bytes(sealed),
                                                 sealed.size(), bytes(state_->name), state_->name.size()) != 0)
    throw error(Code::corrupt, "{} was encrypted with another passphrase, or was changed since", state_->name);
  state_->complete = tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL;
  return piece;
}

bool Opener::complete() const { return state_->complete; }

}  // namespace regesta::crypto
