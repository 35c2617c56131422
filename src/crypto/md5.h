#pragma once
#include <memory>
#include <string>
#include <string_view>

namespace regesta::crypto {

/// MD5 of bytes that arrive in pieces, for clients that name content by it. It proves nothing: two contents may share
/// one. Never decide about access or integrity by it.
class Md5 {
 public:
  Md5();
  ~Md5();
  Md5(Md5&&) noexcept;
  Md5& operator=(Md5&&) noexcept;
  void update(std::string_view bytes);
  /// Lower-case hexadecimal; may be called once.
  std::string finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace regesta::crypto
