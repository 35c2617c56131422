#pragma once
#include <exception>
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace regesta {

/// Kinds of errors. Every front renders them in its dialect; `httpStatus` is the native one. Errors that a retry cannot
/// fix are 4xx, because clients retry 5xx, even for POST.
enum class Code {
  invalid,          ///< the request breaks a rule; the message names the field and the rule
  unauthenticated,  ///< no or wrong credentials
  denied,           ///< the actor may not do this
  refused,          ///< a gate refused, or still requires something
  notFound,
  exists,        ///< the name is taken
  conflict,      ///< the state has changed; read again
  invalidState,  ///< not possible in the present state of the object
  tooLarge,      ///< a limit of base/limits.h
  exhausted,     ///< too many at once; try later
  unsupported,   ///< known, but not supported by this server
  unavailable,   ///< a required component cannot be reached; try later
  corrupt,       ///< stored data has changed
  internal,      ///< a fault of the server
};

std::string_view codeName(Code code);
int httpStatus(Code code);

/// The program's exception type. Thrown where the fault is found; handled in few places: HTTP dispatch, the loops of
/// background threads, main of the command line. In between it is caught only to add context (file, field) or to
/// continue with the next of several items. Expected outcomes are values, not errors.
class Error : public std::exception {
 public:
  Error(Code code, std::string message, std::string detail = {})
      : code(code), message(std::move(message)), detail(std::move(detail)) {}
  const char* what() const noexcept override { return message.c_str(); }

  Code code;
  std::string message;  ///< one sentence for users, without a full stop
  std::string detail;   ///< empty, or a JSON object that is sent to the client unchanged
};

/// A request value that breaks a rule. `rule` is a predicate about the field, written after a colon: "is required",
/// "must be at least 0". The message is "FIELD: RULE".
class Invalid : public Error {
 public:
  Invalid(std::string field, std::string rule, std::string got = {});
  std::string field;  ///< as a path: "metrics[0].timestamp"
  std::string rule;
  std::string got;  ///< the invalid value as JSON; empty: none
};

template <class... Args>
Error error(Code code, fmt::format_string<Args...> text, Args&&... args) {
  return Error(code, fmt::format(text, std::forward<Args>(args)...));
}

/// One more `things` than `holder` ("workspace 'x'") may have.
Error limitReached(std::string_view holder, std::size_t limit, std::string_view things);

/// A broken invariant ends the program, also in release builds, because wrong data is worse than downtime.
[[noreturn]] void invariantBroken(const char* what, const char* file, int line);
#define REGESTA_INVARIANT(condition) \
  do { \
    if (!(condition)) ::regesta::invariantBroken(#condition, __FILE__, __LINE__); \
  } while (false)

}  // namespace regesta
