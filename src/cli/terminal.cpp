#include "cli/terminal.h"

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
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto c = static_cast<unsigned char>(text[i]);
    bool control = (c < 0x20 && c != '\n' && c != '\t') || c == 0x7F;
    // U+0080…U+009F in UTF-8 are control characters too: some terminals obey them.
    bool second = c == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    if (second) c = static_cast<unsigned char>(text[++i]);
    if (control || second)
      out += fmt::format("\\x{:02x}", c);
    else
      out += static_cast<char>(c);
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
  if (!got) throw UsageError(fmt::format("{} was asked for, but the input ended", question));
  return line;
}

}  // namespace regesta::cli
