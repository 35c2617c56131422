#include "cli/terminal.h"

#include <algorithm>
#include <cstdlib>
#include <iostream>

#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/arguments.h"

namespace regesta::cli {
namespace {

std::string_view escapeOf(Colour colour) {
  switch (colour) {
    case Colour::none:
      return "";
    case Colour::bold:
      return "\x1b[1m";
    case Colour::dim:
      return "\x1b[2m";
    case Colour::red:
      return "\x1b[31m";
    case Colour::green:
      return "\x1b[32m";
    case Colour::yellow:
      return "\x1b[33m";
    case Colour::blue:
      return "\x1b[34m";
    case Colour::cyan:
      return "\x1b[36m";
  }
  return "";
}

/// The first character of a text beyond ASCII, and its bytes. Text that is not UTF-8 counts byte by byte.
std::pair<std::uint32_t, std::size_t> character(std::string_view text) {
  auto lead = static_cast<unsigned char>(text[0]);
  std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 1;
  if (length == 1 || length > text.size() || !isUtf8(text.substr(0, length))) return {0xFFFD, 1};
  std::uint32_t code = lead & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) code = code << 6 | (static_cast<unsigned char>(text[i]) & 0x3FU);
  return {code, length};
}

struct Range {
  std::uint32_t first, last;
};
/// Invisible characters and bidirectional controls, labeled as in the web UI.
constexpr Range unseen[] = {
    {0xAD, 0xAD},     {0x34F, 0x34F},   {0x61C, 0x61C},   {0x115F, 0x1160},   {0x17B4, 0x17B5},   {0x180B, 0x180F},
    {0x200B, 0x200F}, {0x2028, 0x202E}, {0x2060, 0x206F}, {0x2800, 0x2800},   {0x3164, 0x3164},   {0xFEFF, 0xFEFF},
    {0xFFA0, 0xFFA0}, {0xFFF9, 0xFFFB}, {0xE000, 0xF8FF}, {0xE0000, 0xE0FFF}, {0xF0000, 0x10FFFF}};

bool isUnseen(std::uint32_t code) {
  return std::ranges::any_of(unseen, [code](const Range& range) { return code >= range.first && code <= range.last; });
}

/// Echo off while it lives.
class QuietInput {
 public:
  QuietInput() {
    if (tcgetattr(STDIN_FILENO, &before_) != 0) return;
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    changed_ = tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet) == 0;
  }
  ~QuietInput() {
    if (changed_) tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }
  QuietInput(const QuietInput&) = delete;
  QuietInput& operator=(const QuietInput&) = delete;

 private:
  termios before_{};
  bool changed_ = false;
};

}  // namespace

bool isTerminal(std::FILE* stream) {
  const char* kind = std::getenv("TERM");
  const char* plain = std::getenv("NO_COLOR");
  return isatty(fileno(stream)) && !(plain && *plain) && !(kind && std::string_view(kind) == "dumb");
}

std::size_t terminalWidth() {
  winsize size{};
  for (int stream : {STDOUT_FILENO, STDERR_FILENO})
    if (ioctl(stream, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 100;
}

std::size_t displayWidth(std::string_view text) { return characterCount(text); }

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x80) {
      bool control = (c < 0x20 && c != '\n' && c != '\t') || c == 0x7F;
      if (control)
        out += fmt::format("\\x{:02x}", c);
      else
        out += static_cast<char>(c);
      ++i;
      continue;
    }
    auto [code, length] = character(text.substr(i));
    // A joiner after a character beyond ASCII is part of an emoji or of a script that needs it.
    bool joins = code == 0x200D && i > 0 && static_cast<unsigned char>(text[i - 1]) >= 0x80;
    if (code < 0xA0)  // control characters too: some terminals obey them
      out += fmt::format("\\x{:02x}", code);
    else if (isUnseen(code) && !joins)
      out += fmt::format("\\u{{{:x}}}", code);
    else
      out += text.substr(i, length);
    i += length;
  }
  return out;
}

std::string paint(std::string_view text, Colour colour, std::FILE* stream) {
  std::string clean = printable(text);
  if (colour == Colour::none || !isTerminal(stream)) return clean;
  return fmt::format("{}{}\x1b[0m", escapeOf(colour), clean);
}

std::string askSecret(const std::string& question) {
  bool asks = isatty(STDIN_FILENO);
  std::string line;
  if (asks) fmt::print(stderr, "{}: ", question);
  bool got;
  {
    QuietInput quiet;
    got = static_cast<bool>(std::getline(std::cin, line));
  }
  if (asks) fmt::print(stderr, "\n");
  if (!got) throw UsageError(fmt::format("{} is required, but the input ended", question));
  return line;
}

bool askConsent(const std::string& question, std::string_view option) {
  if (!isatty(STDIN_FILENO)) throw UsageError(fmt::format("{} There is no terminal to ask: add {}", question, option));
  fmt::print(stderr, "{} [y/N] ", printable(question));
  std::string line;
  return std::getline(std::cin, line) && (equalsIgnoreCase(trim(line), "y") || equalsIgnoreCase(trim(line), "yes"));
}

}  // namespace regesta::cli
