#pragma once
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace regesta::http {

/// Unpacks a body that came with Content-Encoding: gzip, piece by piece. Throws Error{invalid} for bytes that are not
/// gzip, Error{tooLarge} when more than `limit` bytes come out.
class Gunzip {
 public:
  explicit Gunzip(std::size_t limit);
  ~Gunzip();
  Gunzip(const Gunzip&) = delete;
  Gunzip& operator=(const Gunzip&) = delete;

  void write(std::string_view piece, std::string& out);
  /// Throws Error{invalid} when the stream has not come to its end.
  void finish() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace regesta::http
