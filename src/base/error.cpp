#include "base/error.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

namespace regesta {
namespace {

struct CodeFacts {
  std::string_view name;
  int status;
};

CodeFacts factsOf(Code code) {
  switch (code) {
    case Code::invalid:
      return {"invalid", 400};
    case Code::unauthenticated:
      return {"unauthenticated", 401};
    case Code::denied:
      return {"denied", 403};
    case Code::refused:
      return {"refused", 403};
    case Code::notFound:
      return {"not_found", 404};
    case Code::exists:
      return {"exists", 409};
    case Code::conflict:
      return {"conflict", 409};
    case Code::invalidState:
      return {"invalid_state", 409};
    case Code::tooLarge:
      return {"too_large", 413};
    case Code::exhausted:
      return {"exhausted", 429};
    case Code::unsupported:
      return {"unsupported", 501};
    case Code::unavailable:
      return {"unavailable", 503};
    case Code::corrupt:
      return {"corrupt", 500};
    case Code::internal:
      return {"internal", 500};
  }
  return {"internal", 500};
}

std::string sentence(const std::string& field, const std::string& rule, const std::string& got) {
  return got.empty() ? fmt::format("{}: {}", field, rule) : fmt::format("{}: {}, got {}", field, rule, got);
}

}  // namespace

std::string_view codeName(Code code) { return factsOf(code).name; }
int httpStatus(Code code) { return factsOf(code).status; }

Invalid::Invalid(std::string field, std::string rule, std::string got)
    : Error(Code::invalid, sentence(field, rule, got)),
      field(std::move(field)),
      rule(std::move(rule)),
      got(std::move(got)) {}

Error limitReached(std::string_view holder, std::size_t limit, std::string_view things) {
  return error(Code::tooLarge, "{} already has {} {}, the limit; delete one first", holder, limit, things);
}

void invariantBroken(const char* what, const char* file, int line) {
  std::fprintf(stderr, "regesta: broken invariant: %s (%s:%d)\n", what, file, line);
  std::abort();
}

}  // namespace regesta
