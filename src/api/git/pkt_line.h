#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace regesta::api::git {

/// Git's framing: four hexadecimal digits that count themselves, then the text. "0000" is a flush, "0001" a
/// delimiter (protocol version 2).
inline constexpr std::size_t pktMost = 65'520;  ///< bytes of one line with its digits
inline constexpr std::string_view flushPkt = "0000";

/// Appends one line. The text must fit: pktMost - 4 bytes.
void appendPkt(std::string& out, std::string_view text);
/// Appends text on a side-band, split into lines. 1: data, 2: for the terminal, 3: a fatal error.
void appendBand(std::string& out, int band, std::string_view bytes);

/// Reads lines from the bytes received so far.
class PktReader {
 public:
  explicit PktReader(std::string_view bytes) : bytes_(bytes) {}
  enum class Kind { line, flush, delimiter, incomplete };
  struct Line {
    Kind kind = Kind::incomplete;
    std::string_view text;  ///< without the line break at its end
  };
  /// Takes the next line; `incomplete` takes nothing. Throws Error{invalid} for malformed bytes.
  Line next();
  std::size_t taken() const { return taken_; }

 private:
  std::string_view bytes_;
  std::size_t taken_ = 0;
};

}  // namespace regesta::api::git
