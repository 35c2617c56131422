#include "cli/reference.h"

#include "cli/arguments.h"

namespace regesta::cli {

bool isKind(std::string_view word) {
  return word == "model" || word == "prompt" || word == "dataset" || word == "policy" || word == "artifact";
}

std::string_view stageOf(std::string_view pointer) {
  constexpr std::string_view prefix = "stage:";
  return pointer.starts_with(prefix) ? pointer.substr(prefix.size()) : std::string_view();
}

Reference parseReference(std::string_view text, std::string_view defaultKind) {
  Reference reference;
  reference.kind = std::string(defaultKind);
  std::string_view rest = text;
  if (auto slash = rest.find('/'); slash != std::string_view::npos && isKind(rest.substr(0, slash))) {
    reference.kind = std::string(rest.substr(0, slash));
    rest.remove_prefix(slash + 1);
  }
  if (auto mark = rest.find_last_of("@#"); mark != std::string_view::npos) {
    std::string behind(rest.substr(mark + 1));
    if (behind.empty()) throw UsageError(fmt::format("\"{}\" ends in {}, but nothing follows it", text, rest[mark]));
    (rest[mark] == '@' ? reference.selector : reference.pointer) = std::move(behind);
    rest = rest.substr(0, mark);
  }
  if (rest.empty())
    throw UsageError(fmt::format("\"{}\" names no asset; write KIND/NAME, as in model/loan-risk", text));
  reference.name = std::string(rest);
  return reference;
}

Reference parseReference(std::string_view text, std::string_view kind, Takes takes) {
  Reference reference = parseReference(text, kind.empty() ? "model" : kind);
  if (!kind.empty() && reference.kind != kind)
    throw UsageError(
        fmt::format("{} is a {}, not a {}; use `regesta {} …`", text, reference.kind, kind, reference.kind));
  if (takes == Takes::any) return reference;
  if (takes == Takes::version) {
    if (reference.selector.empty()) reference.selector = std::exchange(reference.pointer, {});
    return reference;
  }
  bool alias = takes == Takes::alias;
  if (!reference.selector.empty() || (!alias && !reference.pointer.empty()))
    throw UsageError(fmt::format("\"{}\" names {}, but this command is about {}; write {}", text,
                                 reference.selector.empty() ? "an alias" : "a version",
                                 alias ? "an alias" : "all of the " + reference.kind, reference.asset()));
  return reference;
}

Reference parseVersionReference(std::string_view text, std::string_view defaultKind) {
  Reference reference = parseReference(text, defaultKind);
  if (reference.selector.empty() && !reference.pointer.empty()) {
    reference.selector = std::exchange(reference.pointer, {});  // an alias is a selector, too
    return reference;
  }
  if (reference.selector.empty())
    throw UsageError(fmt::format("\"{}\" names no version; write {}@VERSION, as in {}@3", text, text, text));
  return reference;
}

}  // namespace regesta::cli
