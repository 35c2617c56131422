#pragma once
#include <memory>
#include <string>
#include <string_view>

namespace regesta {

/// A regular expression that a user wrote: the one engine for all of them. It never backtracks, so a search takes time
/// linear in the text, and its compiled size is bounded (limits::patternProgram). The syntax is RE2's, as in policies:
/// no look-around, no back references. Immutable; searching is thread-safe.
class Pattern {
 public:
  /// Throws Error{invalid} that says what is not supported; the message reads on from the name of what was given.
  explicit Pattern(std::string_view expression);
  /// Whether it is found anywhere in the text. Throws the Error of the current Cancellation (base/cancel.h).
  bool isIn(std::string_view text) const;

 private:
  std::shared_ptr<void> compiled_;
};

}  // namespace regesta
