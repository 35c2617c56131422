#pragma once
#include <memory>
#include <string>
#include <string_view>

namespace regesta::crypto {

/// SHA-512 of bytes that arrive in pieces.
class Sha512 {
 public:
  Sha512();
  ~Sha512();
  void update(std::string_view bytes);
  /// Lower-case hexadecimal; may be called once.
  std::string finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace regesta::crypto
