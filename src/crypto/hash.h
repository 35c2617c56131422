#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace regesta::crypto {

/// Raw 32 bytes of SHA-256.
using Hash = std::array<unsigned char, 32>;

Hash sha256(std::string_view bytes);
std::string sha256Hex(std::string_view bytes);
std::string hex(const Hash& hash);
std::string_view view(const Hash& hash);
std::string hmacSha256(std::string_view key, std::string_view bytes);  // raw 32 bytes

/// SHA-256 of bytes that arrive in pieces. finish() may be called once.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  void update(std::string_view bytes);
  Hash finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace regesta::crypto
