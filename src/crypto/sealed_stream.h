#pragma once
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace regesta::crypto {

/// How a key follows from a passphrase: argon2id. Stored with what it opens; not secret.
struct KeyRecipe {
  std::string salt;  ///< bytes
  unsigned long long passes = 3;
  std::size_t memoryBytes = std::size_t{256} * 1024 * 1024;
};
KeyRecipe newKeyRecipe();
/// Throws Error{invalid} for an invalid recipe, Error{unavailable} when there is not enough memory for it.
std::string keyFrom(std::string_view passphrase, const KeyRecipe& recipe);

inline constexpr std::size_t sealedPiece = std::size_t{1} << 20;  ///< plain bytes of every piece but the last
inline constexpr std::size_t sealedExtra = 17;                    ///< that a piece is longer when sealed
inline constexpr std::size_t sealedHeader = 24;                   ///< what a sealed stream begins with

/// Encrypts a stream in pieces (libsodium's secretstream: XChaCha20-Poly1305): without the key, a reader learns the
/// length and cannot change, reorder or cut it unnoticed. `name` is bound to it: a stream cannot replace another.
class Sealer {
 public:
  Sealer(std::string_view key, std::string_view name);
  ~Sealer();
  const std::string& header() const;
  std::string seal(std::string_view piece, bool last);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The way back. Throws Error{corrupt} for a piece that was changed, for another key and for another name.
class Opener {
 public:
  Opener(std::string_view key, std::string_view name, std::string_view header);
  ~Opener();
  std::string open(std::string_view sealed);
  /// True once the last piece came; a stream that ends before was cut.
  bool complete() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace regesta::crypto
