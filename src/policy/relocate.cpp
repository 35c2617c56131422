#include "policy/relocate.h"

#include <cctype>

namespace regesta::policy {
namespace {

bool isWordCharacter(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

class Mover {
 public:
  Mover(std::string_view text, std::string_view prefix) : text_(text), prefix_(prefix) {}

  std::string run() {
    while (at_ < text_.size()) step();
    return std::move(out_);
  }

 private:
  void step() {
    char c = text_[at_];
    if (c == '#') return copyUntil('\n');
    if (c == '$' && at_ + 1 < text_.size() && (text_[at_ + 1] == '"' || text_[at_ + 1] == '`')) return templateString();
    if (c == '"') return string();
    if (c == '`') return rawString();
    if (isWordCharacter(c)) return word();
    copy();
  }

  void copy() {
    if (at_ < text_.size()) out_ += text_[at_++];
  }

  void copyUntil(char end) {
    while (at_ < text_.size() && text_[at_] != end) copy();
  }

  void string() {
    copy();
    while (at_ < text_.size() && text_[at_] != '"' && text_[at_] != '\n') {
      if (text_[at_] == '\\') copy();
      copy();
    }
    copy();
  }

  void rawString() {
    copy();
    copyUntil('`');
    copy();
  }

  /// $"text {expression} text": the expressions are code, nested strings and braces included.
  void templateString() {
    copy();
    char quote = text_[at_];
    copy();
    while (at_ < text_.size() && text_[at_] != quote) {
      if (text_[at_] == '\\') {
        copy();
        copy();
      } else if (text_[at_] == '{') {
        expression();
      } else {
        copy();
      }
    }
    copy();
  }

  void expression() {
    int depth = 0;
    do {
      if (text_[at_] == '{') ++depth;
      if (text_[at_] == '}') --depth;
      step();
    } while (at_ < text_.size() && depth > 0);
  }

  void word() {
    auto start = at_;
    bool member = !out_.empty() && out_.back() == '.';
    while (at_ < text_.size() && isWordCharacter(text_[at_])) ++at_;
    auto name = text_.substr(start, at_ - start);
    out_ += name;
    if (member) return;
    if (name == "data") out_.append(".").append(prefix_);
    if (name == "package" && !packageSeen_) package();
  }

  void package() {
    packageSeen_ = true;
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) copy();
    out_.append(prefix_).append(".");
    // The path is not an expression: a segment "data" stays.
    while (at_ < text_.size() && (isWordCharacter(text_[at_]) || text_[at_] == '.')) copy();
  }

  std::string_view text_, prefix_;
  std::string out_;
  std::size_t at_ = 0;
  bool packageSeen_ = false;
};

}  // namespace

std::string relocate(std::string_view text, std::string_view prefix) { return Mover(text, prefix).run(); }

}  // namespace regesta::policy
