#pragma once
#include <string>
#include <string_view>

// Internal to the filter room: tokens of MLflow's search language.
namespace regesta::filter {

struct FilterToken {
  enum class Sort { end, identifier, text, number, comparator, open, close, comma, semicolon, other };
  Sort sort = Sort::end;
  std::string_view raw;  ///< as written
  std::string value;     ///< text: without quotes; comparator: upper case
  bool integer = false;  ///< number without fraction and exponent
};

/// Splits a filter into tokens, one ahead of the parser. An identifier is parts joined by dots without spaces, each
/// bare or in quotes, the first one not in single quotes; a single part in double quotes is text, as in MLflow.
class FilterLexer {
 public:
  explicit FilterLexer(std::string_view text) : text_(text) { next(); }
  const FilterToken& peek() const { return token_; }
  FilterToken take() {
    FilterToken token = std::move(token_);
    next();
    return token;
  }
  /// Takes the next token if it is this bare word, in any case; returns whether it was.
  bool takeWord(std::string_view word);
  bool isWord(std::string_view word) const;
  /// The unread text, from the present token on.
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

/// The content of a quoted text: a doubled or escaped quote is one quote.
std::string unquoted(std::string_view quoted);

}  // namespace regesta::filter
