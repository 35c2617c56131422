#include "api/git/pkt_line.h"

#include <charconv>

#include "base/error.h"

namespace regesta::api::git {

void appendPkt(std::string& out, std::string_view text) {
  REGESTA_INVARIANT(text.size() <= pktMost - 4);
  fmt::format_to(std::back_inserter(out), "{:04x}", text.size() + 4);
  out += text;
}

void appendBand(std::string& out, int band, std::string_view bytes) {
  while (!bytes.empty()) {
    std::string_view piece = bytes.substr(0, pktMost - 5);
    fmt::format_to(std::back_inserter(out), "{:04x}{}", piece.size() + 5, static_cast<char>(band));
    out += piece;
    bytes.remove_prefix(piece.size());
  }
}

PktReader::Line PktReader::next() {
  std::string_view rest = bytes_.substr(taken_);
  if (rest.size() < 4) return {};
  unsigned size = 0;
  std::string_view length = rest.substr(0, 4);
  auto [end, fault] = std::from_chars(length.data(), length.data() + length.size(), size, 16);
  if (fault != std::errc() || end != length.data() + length.size() || (size > 1 && size < 4) || size > pktMost)
    throw Error(Code::invalid, "the request is not in Git's pkt-line format");
  if (size < 2) {
    taken_ += 4;
    return {size == 0 ? Kind::flush : Kind::delimiter, {}};
  }
  if (rest.size() < size) return {};
  taken_ += size;
  std::string_view text = rest.substr(4, size - 4);
  if (text.ends_with('\n')) text.remove_suffix(1);
  return {Kind::line, text};
}

}  // namespace regesta::api::git
