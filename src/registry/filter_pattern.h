#pragma once
#include <memory>
#include <string>

// Inside the registry room only.
namespace regesta::registry {

/// A regular expression from outside: POSIX extended with \d \w \s, as far as the time to match it stays in proportion
/// to the text. Back references, (?…) and counts whose product is above 250 are refused, and only the first 64 KiB of a
/// text are looked at.
class Pattern {
 public:
  /// Throws Error{invalid} that says what is not understood.
  explicit Pattern(const std::string& expression);
  bool isIn(const std::string& text) const;

 private:
  struct Compiled;
  std::shared_ptr<const Compiled> compiled_;
};

}  // namespace regesta::registry
