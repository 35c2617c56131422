// A template of any language (the first byte chooses) from anybody: scanned without an error, its tags within the text;
// rendered with every variable it names, or an Error that says why not. Two of them have a difference and a bump.
// rooms: delivery
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/text.h"
#include "prompt/bump.h"
#include "prompt/lint.h"
#include "prompt/render.h"
#include "prompt/variables.h"
#include "prompt/word_diff.h"

using namespace regesta;
using namespace regesta::delivery;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void scan(std::string_view text, TemplateFormat format) {
  TemplateScan scan = scanTemplate(text, format);
  for (const PartialUse& use : scan.partials) require(use.length > 0 && use.offset + use.length <= text.size());
  for (const VariableUse& use : scan.variables) require(!use.name.empty() && use.place.line > 0);
  withoutComments(text, format);
}

void renderAll(const Prompt& prompt) {
  json::object variables;
  for (const Variable& variable : variablesOf(prompt))
    variables[variable.name] = json::array{1, "x", json::object{{"a", true}}};
  try {
    render(prompt, variables);
  } catch (const Error& fault) {
    require(!fault.message.empty());
  }
}

void difference(std::string_view before, std::string_view after) {
  std::string first, second;
  for (const WordRun& run : wordDiff(before, after)) {
    if (run.kind != WordRun::Kind::added) first += run.text;
    if (run.kind != WordRun::Kind::removed) second += run.text;
  }
  require(first == before && second == after);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  Prompt prompt{.format = static_cast<TemplateFormat>(data[0] % 3)};
  scan(text, prompt.format);
  estimatedTokens(text);
  std::string_view half = text.substr(0, text.size() / 2);
  difference(half, text.substr(text.size() / 2));
  if (!isUtf8(text)) return 0;  // a prompt's content is JSON, and so UTF-8
  prompt.text = text;
  lint(prompt);
  renderAll(prompt);
  Prompt other = prompt;
  if (isUtf8(half)) other.text = half;
  bumpBetween(prompt, other);
  require(bumpBetween(prompt, prompt).bump == Bump::none);
  return 0;
}
