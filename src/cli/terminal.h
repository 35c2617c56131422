#pragma once
#include <cstdio>
#include <string>
#include <string_view>

namespace regesta::cli {

/// Where colours and progress bars make sense: a terminal that is not "dumb", and NO_COLOR is not set.
bool isTerminal(std::FILE* stream);
/// Columns of the terminal behind stdout or stderr; 100 when there is none.
std::size_t terminalWidth();
/// What a UTF-8 text takes on the screen: its code points (wide glyphs are not in our output).
std::size_t displayWidth(std::string_view text);

enum class Colour { none, bold, dim, red, green, yellow, blue, cyan };

/// The text in a colour when `stream` shows colours, unchanged otherwise. Control characters in `text` are made
/// visible: what the server sends never drives the terminal.
std::string paint(std::string_view text, Colour colour, std::FILE* stream = stdout);
/// Replaces control characters (but newline and tab), and those that nobody sees or that turn the direction of the
/// text, by their escapes: "\x1b", "\u{202e}".
std::string printable(std::string_view text);

/// Asks on the terminal without echo; without a terminal reads one line of stdin. Throws UsageError at the end of
/// input.
std::string askSecret(const std::string& question);
/// Asks a question that "y" or "yes" agrees to. Throws UsageError without a terminal: `option` is what to add instead.
bool askConsent(const std::string& question, std::string_view option);

}  // namespace regesta::cli
