#pragma once
#include <string>
#include <string_view>

// Inside the registry room only: the words of MLflow's search language.
namespace regesta::registry {

struct FilterToken {
  enum class Sort { end, identifier, text, number, comparator, open, close, comma, semicolon, other };
  Sort sort = Sort::end;
  std::string_view raw;  ///< as written
  std::string value;     ///< text: without quotes; comparator: upper case
  bool integer = false;  ///< number without fraction and exponent
};

/// Cuts a filter into tokens, one ahead of the reader. An identifier is parts joined by dots without blanks, each bare,
/// in double quotes or in backticks; a lone part in double quotes is text, as in the original.
class FilterLexer {
 public:
  explicit FilterLexer(std::string_view text) : text_(text) { next(); }
  const FilterToken& peek() const { return token_; }
  FilterToken take() {
    FilterToken token = std::move(token_);
    next();
    return token;
  }
  /// True and consumed when the next token is this bare word, in any case.
  bool takeWord(std::string_view word);
  bool isWord(std::string_view word) const;
  /// What is not read yet, from the present token on.
  std::string_view rest() const;

 private:
  void next();
  void readQuoted();
  void readIdentifier();
  void readNumber();
  bool readOperator();
  std::size_t quotedEnd(std::size_t from) const;
  std::string_view text_;
  std::size_t at_ = 0;
  FilterToken token_;
};

/// The inside of a quoted text: a doubled or backslashed quote stands for one.
std::string unquoted(std::string_view quoted);

}  // namespace regesta::registry
