#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "prompt/prompt.h"

namespace regesta::prompt {

/// A position in a template's text, from 1; columns in bytes.
struct Place {
  std::size_t line = 1, column = 1;
};
Place placeOf(std::string_view text, std::size_t offset);

/// A variable of the template. For "user.name" it is "user".
struct VariableUse {
  std::string name;
  Place place;
  /// Optional for rendering: used in a condition, in a conditional branch, or with a default.
  bool conditional = false;
  bool section = false;  ///< mustache: {{#name}} or {{^name}}, so more than text
};

/// {{> name@range}} in mustache, {% include "name@range" %} in Jinja2, and in every format Langfuse's
/// @@@langfusePrompt:name=N|version=3@@@ or |label=production@@@.
struct PartialUse {
  std::string name;
  std::string selector;  ///< as written: a range, SemVer, number or alias; empty: the highest release
  bool label = false;    ///< an alias of the partial: what it points to when the version is registered
  bool langfuse = false;
  std::size_t offset = 0, length = 0;  ///< of the whole tag in the text
  Place place;
};

struct TemplateFault {
  Place place;
  std::string message;
};

/// Static information about a template's text. Does not throw; linear; any bytes.
struct TemplateScan {
  std::vector<VariableUse> variables;  ///< each use, in order
  std::vector<PartialUse> partials;
  std::vector<TemplateFault> faults;    ///< why it cannot be rendered
  std::vector<TemplateFault> literals;  ///< looks like a tag but is text: {{"a": 1}}
  bool changesDelimiters = false;       ///< mustache's {{=<% %>=}}
  bool nonPlainTags = false;            ///< mustache beyond {{name}}: sections, partials, {{{, {{&, comments
  Place firstNonPlain;
};
TemplateScan scanTemplate(std::string_view text, TemplateFormat format);

/// The variables of a prompt's templates, each once, in order of appearance.
struct TemplateVariable {
  std::string name;
  bool conditional = true;  ///< all its uses are
  bool section = false;
};
/// Throws Error{tooLarge} for more variables than a prompt may have (limits::promptVariables).
void requireVariables(std::size_t count);
/// Throws as requireVariables() does.
std::vector<TemplateVariable> templateVariables(const Prompt& prompt);

/// The partials of a prompt's templates, each (name, selector) once.
std::vector<PartialUse> partialsOf(const Prompt& prompt);

/// The text without its comments, to detect changes of comments only.
std::string withoutComments(std::string_view text, TemplateFormat format);

}  // namespace regesta::prompt
