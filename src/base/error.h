#pragma once
#include <exception>
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace regesta {

/// What went wrong, in the product's own words. Every front renders these in its own dialect; `httpStatus` is the
/// native one. Anything that a retry cannot cure is a 4xx: clients retry 5xx, POST included.
enum class Code {
  invalid,          ///< the request breaks a rule; the message names the field and the rule
  unauthenticated,  ///< no or wrong credentials
  denied,           ///< the actor may not do this
  refused,          ///< a gate said no, or not yet
  notFound,
  exists,        ///< the name is taken
  conflict,      ///< the state has moved on; read again
  invalidState,  ///< not possible in the present state of the thing
  tooLarge,      ///< a limit of base/limits.h
  exhausted,     ///< too many at once; try later
  unsupported,   ///< a known thing that this server does not do
  unavailable,   ///< a part that is needed cannot be reached now; try later
  corrupt,       ///< stored bytes are not what was stored
  internal,      ///< our fault
};

std::string_view codeName(Code code);
int httpStatus(Code code);

/// The one exception of the program. Thrown where the fault is found; answered at few doors: HTTP dispatch, the loops
/// of background threads, the command line's main. In between it is caught only to say more (which file, which field)
/// or to go on with the next of several. Expected outcomes are values, not errors.
class Error : public std::exception {
 public:
  Error(Code code, std::string message, std::string detail = {})
      : code(code), message(std::move(message)), detail(std::move(detail)) {}
  const char* what() const noexcept override { return message.c_str(); }

  Code code;
  std::string message;  ///< one sentence for a person, no full stop needed
  std::string detail;   ///< empty, or a JSON object that goes to the client as it is
};

/// A request value that breaks a rule. `rule` reads on from the field: "is required", "must be at least 0".
class Invalid : public Error {
 public:
  Invalid(std::string field, std::string rule, std::string got = {});
  std::string field;  ///< as a path: "metrics[0].timestamp"
  std::string rule;
  std::string got;  ///< the offending value as JSON, empty when there is none
};

template <class... Args>
Error error(Code code, fmt::format_string<Args...> text, Args&&... args) {
  return Error(code, fmt::format(text, std::forward<Args>(args)...));
}

/// A broken invariant ends the program, in release too: a wrong record is worse than no server.
[[noreturn]] void invariantBroken(const char* what, const char* file, int line);
#define REGESTA_INVARIANT(condition) \
  do { \
    if (!(condition)) ::regesta::invariantBroken(#condition, __FILE__, __LINE__); \
  } while (false)

}  // namespace regesta
