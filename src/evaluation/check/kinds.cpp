#include "evaluation/check/kinds.h"

#include <algorithm>

#include "base/text.h"

namespace regesta::evaluation::check {
namespace {

constexpr AssertionKind kinds[] = {
    {"equals", ValueKind::anything},
    {"contains"},
    {"icontains"},
    {"contains-all", ValueKind::list},
    {"contains-any", ValueKind::list},
    {"icontains-all", ValueKind::list},
    {"icontains-any", ValueKind::list},
    {"starts-with"},
    {"regex"},
    {"is-json", ValueKind::schema},
    {"contains-json", ValueKind::schema},
    {"levenshtein", ValueKind::text, 5},
    {"word-count", ValueKind::anything},
    {"finish-reason"},
    {"latency", ValueKind::nothing, 0, true},
    {"cost", ValueKind::nothing, 0, true},
    {"similar", ValueKind::text, 0.75},
    {"llm-rubric", ValueKind::text, 0},
    {"model-graded-closedqa", ValueKind::text, 0},
    {"factuality", ValueKind::text, 0},
    {"exec", ValueKind::text},
    {"assert-set", ValueKind::set},
};

constexpr std::string_view code[] = {"javascript", "python", "ruby", "webhook", "wasm"};

}  // namespace

const AssertionKind* findKind(std::string_view name) {
  auto found = std::ranges::find(kinds, name, &AssertionKind::name);
  return found == std::end(kinds) ? nullptr : &*found;
}

std::string whyNot(std::string_view name) {
  if (std::ranges::find(code, name) != std::end(code))
    return fmt::format(
        "\"{}\" is code, which tests must not contain; \"exec\" runs a command on a runner that allows it", name);
  std::vector<std::string> known;
  for (const AssertionKind& kind : kinds) known.emplace_back(kind.name);
  if (auto near = nearest(name, known))
    return fmt::format("\"{}\" is not a known assertion; did you mean \"{}\"?", shorten(name, 60), *near);
  return fmt::format("\"{}\" is not one of: {}", shorten(name, 60), join(known, ", "));
}

}  // namespace regesta::evaluation::check
