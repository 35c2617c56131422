#include "prompt/template/fstring.h"

#include "base/limits.h"
#include "base/text.h"
#include "prompt/template/places.h"

namespace regesta::prompt {
namespace {

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text), places_(text) {}

  FString parse() {
    for (std::size_t at = 0; at < text_.size();) {
      char c = text_[at];
      bool doubled = at + 1 < text_.size() && text_[at + 1] == c;
      if ((c == '{' || c == '}') && doubled) {
        text(c);
        at += 2;
      } else if (c == '{') {
        at = field(at);
      } else {
        if (c == '}') fault(at, "a single '}' must be written '}}'");
        text(c);
        ++at;
      }
    }
    return std::move(out_);
  }

 private:
  void fault(std::size_t offset, std::string message) {
    if (out_.faults.size() < limits::problems) out_.faults.push_back({places_.at(offset), std::move(message)});
  }
  void text(char c) {
    if (out_.pieces.empty() || out_.pieces.back().field) out_.pieces.push_back({});
    out_.pieces.back().text += c;
  }

  std::size_t field(std::size_t at) {
    std::size_t close = text_.find_first_of("{}\n", at + 1);
    if (close == std::string_view::npos || text_[close] != '}') {
      fault(at, "'{' opens no name; a brace of the text is written '{{'");
      text('{');
      return at + 1;
    }
    std::string_view inside = text_.substr(at + 1, close - at - 1);
    std::size_t nameEnd = std::min(inside.find_first_of(".[!:"), inside.size());
    std::size_t pathEnd = std::min(inside.find_first_of("!:", nameEnd), inside.size());
    FStringPiece piece{.field = true,
                       .name = std::string(inside.substr(0, nameEnd)),
                       .path = std::string(inside.substr(nameEnd, pathEnd - nameEnd)),
                       .conversion = std::string(inside.substr(pathEnd)),
                       .offset = at};
    if (!isName(piece.name))
      fault(at, piece.name.empty() ? "'{}' names no variable"
                                   : fmt::format("'{}' is not a valid variable name", shorten(piece.name, 40)));
    out_.pieces.push_back(std::move(piece));
    return close + 1;
  }

  static bool isName(std::string_view name) {
    if (name.empty() || std::isdigit(static_cast<unsigned char>(name[0]))) return false;
    for (unsigned char c : name)
      if (!std::isalnum(c) && c != '_' && c != '-' && c < 0x80) return false;
    return true;
  }

  std::string_view text_;
  Places places_;
  FString out_;
};

}  // namespace

FString parseFString(std::string_view text) { return Parser(text).parse(); }

}  // namespace regesta::prompt
