#include "delivery/check/kinds.h"

#include <algorithm>

#include "base/text.h"

namespace regesta::delivery::check {
namespace {

constexpr AssertionKind kinds[] = {
    {"equals", Wants::anything},
    {"contains"},
    {"icontains"},
    {"contains-all", Wants::list},
    {"contains-any", Wants::list},
    {"icontains-all", Wants::list},
    {"icontains-any", Wants::list},
    {"starts-with"},
    {"regex"},
    {"is-json", Wants::schema},
    {"contains-json", Wants::schema},
    {"levenshtein", Wants::text, 5},
    {"word-count", Wants::anything},
    {"finish-reason"},
    {"latency", Wants::nothing, 0, true},
    {"cost", Wants::nothing, 0, true},
    {"similar", Wants::text, 0.75},
    {"llm-rubric", Wants::text, 0},
    {"model-graded-closedqa", Wants::text, 0},
    {"factuality", Wants::text, 0},
    {"exec", Wants::text},
    {"assert-set", Wants::set},
};

constexpr std::string_view code[] = {"javascript", "python", "ruby", "webhook", "wasm"};

}  // namespace

const AssertionKind* findKind(std::string_view name) {
  auto found = std::ranges::find(kinds, name, &AssertionKind::name);
  return found == std::end(kinds) ? nullptr : &*found;
}

std::string whyNot(std::string_view name) {
  if (std::ranges::find(code, name) != std::end(code))
    return fmt::format("\"{}\" is code, which tests do not carry; \"exec\" runs a command on a runner that allows it",
                       name);
  std::vector<std::string> known;
  for (const AssertionKind& kind : kinds) known.emplace_back(kind.name);
  if (auto near = nearest(name, known))
    return fmt::format("\"{}\" is no known assertion; did you mean \"{}\"?", shorten(name, 60), *near);
  return fmt::format("\"{}\" is not one of: {}", shorten(name, 60), join(known, ", "));
}

}  // namespace regesta::delivery::check
