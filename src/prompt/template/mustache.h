#pragma once
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "prompt/template/scan.h"

namespace regesta::prompt {

/// Mustache by its specification without lambdas, and with two differences that docs/prompts.md names: nothing is
/// HTML-escaped ({{x}} is {{{x}}}), and a tag that does not contain a name, such as {{"a": 1}}, is text.
struct MustacheNode {
  enum class Kind { text, variable, section, inverted, partial, comment } kind = Kind::text;
  std::string_view text;               ///< text: the text; otherwise the tag's content without its sigil
  std::size_t offset = 0, length = 0;  ///< of the whole tag in the source
  bool plain = false;                  ///< variable: written {{name}}
  std::vector<MustacheNode> children;
};

struct Mustache {
  std::vector<MustacheNode> nodes;
  std::vector<TemplateFault> faults, literals;
  bool changesDelimiters = false;
};

/// Views into `text`. Sections deeper than limits::templateDepth are a fault. Linear.
Mustache parseMustache(std::string_view text);

}  // namespace regesta::prompt
