#include "filter/filter_lexer.h"

#include "base/text.h"

namespace regesta::filter {
namespace {

bool isDigit(char c) { return c >= '0' && c <= '9'; }
bool isBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v'; }
bool isBare(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || isDigit(c) || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool isQuote(char c) { return c == '\'' || c == '"' || c == '`'; }

}  // namespace

std::string unquoted(std::string_view quoted) {
  char quote = quoted.front();
  std::string_view inside = quoted.substr(1, quoted.size() - 2);
  std::string out;
  for (std::size_t i = 0; i < inside.size(); ++i) {
    bool escaped =
        quote != '`' && i + 1 < inside.size() && inside[i + 1] == quote && (inside[i] == quote || inside[i] == '\\');
    out += inside[escaped ? ++i : i];
  }
  return out;
}

/// One after the closing quote of the text that opens at `from`; npos if it does not close.
std::size_t FilterLexer::quotedEnd(std::size_t from) const {
  char quote = text_[from];
  for (std::size_t i = from + 1; i < text_.size(); ++i) {
    if (quote != '`' && text_[i] == '\\' && i + 1 < text_.size() && text_[i + 1] == quote &&
        text_.find(quote, i + 2) != std::string_view::npos) {
      ++i;
    } else if (text_[i] == quote) {
      if (quote == '`' || i + 1 >= text_.size() || text_[i + 1] != quote) return i + 1;
      ++i;
    }
  }
  return std::string_view::npos;
}

bool FilterLexer::isWord(std::string_view word) const {
  return token_.sort == FilterToken::Sort::identifier && equalsIgnoreCase(token_.raw, word);
}

bool FilterLexer::takeWord(std::string_view word) {
  if (!isWord(word)) return false;
  next();
  return true;
}

std::string_view FilterLexer::rest() const {
  if (token_.sort == FilterToken::Sort::end) return {};
  return trim(text_.substr(static_cast<std::size_t>(token_.raw.data() - text_.data())));
}

void FilterLexer::readIdentifier() {
  std::size_t from = at_;
  auto opensQuote = [&](std::size_t at) {
    return at > from ? isQuote(text_[at]) : text_[at] == '"' || text_[at] == '`';
  };
  for (;;) {
    if (at_ < text_.size() && opensQuote(at_)) {
      std::size_t end = quotedEnd(at_);
      if (end == std::string_view::npos) break;
      at_ = end;
    } else {
      while (at_ < text_.size() && isBare(text_[at_])) ++at_;
    }
    if (at_ + 1 >= text_.size() || text_[at_] != '.' || !(isBare(text_[at_ + 1]) || isQuote(text_[at_ + 1]))) break;
    ++at_;
  }
  token_.raw = text_.substr(from, at_ - from);
  token_.sort = FilterToken::Sort::identifier;
}

void FilterLexer::readQuoted() {
  std::size_t end = quotedEnd(at_);
  if (end == std::string_view::npos) {
    token_ = {FilterToken::Sort::other, text_.substr(at_), {}, false};
    at_ = text_.size();
    return;
  }
  bool lone = end >= text_.size() || text_[end] != '.';
  if (text_[at_] == '\'' || (text_[at_] == '"' && lone)) {
    token_ = {FilterToken::Sort::text, text_.substr(at_, end - at_), unquoted(text_.substr(at_, end - at_)), false};
    at_ = end;
  } else {
    readIdentifier();
  }
}

void FilterLexer::readNumber() {
  std::size_t from = at_;
  if (text_[at_] == '-') ++at_;
  auto digits = [&] {
    while (at_ < text_.size() && isDigit(text_[at_])) ++at_;
  };
  digits();
  bool integer = true;
  if (at_ < text_.size() && text_[at_] == '.') {
    integer = false;
    ++at_;
    digits();
  }
  if (at_ < text_.size() && (text_[at_] == 'e' || text_[at_] == 'E')) {
    std::size_t exponent = at_ + 1;
    if (exponent < text_.size() && (text_[exponent] == '-' || text_[exponent] == '+')) ++exponent;
    if (exponent < text_.size() && isDigit(text_[exponent])) {
      integer = false;
      at_ = exponent;
      digits();
    }
  }
  // "1abc" is one word, and no number.
  bool glued = at_ < text_.size() && isBare(text_[at_]);
  while (at_ < text_.size() && isBare(text_[at_])) ++at_;
  token_.raw = text_.substr(from, at_ - from);
  token_.sort = glued ? FilterToken::Sort::other : FilterToken::Sort::number;
  token_.integer = integer;
}

bool FilterLexer::readOperator() {
  std::size_t from = at_;
  while (at_ < text_.size() && std::string_view("<>=!~").find(text_[at_]) != std::string_view::npos) ++at_;
  if (at_ == from) return false;
  token_ = {FilterToken::Sort::comparator, text_.substr(from, at_ - from), std::string(text_.substr(from, at_ - from)),
            false};
  return true;
}

void FilterLexer::next() {
  using Sort = FilterToken::Sort;
  token_ = {};
  while (at_ < text_.size() && isBlank(text_[at_])) ++at_;
  if (at_ >= text_.size()) return;
  char c = text_[at_];
  bool negative = c == '-' && at_ + 1 < text_.size() && (isDigit(text_[at_ + 1]) || text_[at_ + 1] == '.');
  bool point = c == '.' && at_ + 1 < text_.size() && isDigit(text_[at_ + 1]);
  if (isDigit(c) || negative || point) return readNumber();
  if (isQuote(c)) return readQuoted();
  if (isBare(c)) return readIdentifier();
  if (readOperator()) return;
  Sort sort = c == '('   ? Sort::open
              : c == ')' ? Sort::close
              : c == ',' ? Sort::comma
              : c == ';' ? Sort::semicolon
                         : Sort::other;
  token_ = {sort, text_.substr(at_, 1), {}, false};
  ++at_;
}

}  // namespace regesta::filter
