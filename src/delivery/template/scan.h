#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "delivery/prompt.h"

namespace regesta::delivery {

/// A place in a template's text, both counted from 1; columns in bytes.
struct Place {
  std::size_t line = 1, column = 1;
};
Place placeOf(std::string_view text, std::size_t offset);

/// A variable that the template takes from outside. Of "user.name" it is "user".
struct VariableUse {
  std::string name;
  Place place;
  /// Rendering works without it: it stands in a condition, in a branch that a condition guards, or has a default.
  bool conditional = false;
  bool section = false;  ///< mustache: {{#name}} or {{^name}}, so more than text
};

/// {{> name@range}} in mustache, {% include "name@range" %} in Jinja2, and in every format Langfuse's
/// @@@langfusePrompt:name=N|version=3@@@ or |label=production@@@.
struct PartialUse {
  std::string name;
  std::string selector;  ///< as written: a range, SemVer, number or alias; empty: the highest release
  bool live = false;     ///< a label: looked up when the prompt is served; all others are locked at registration
  bool langfuse = false;
  std::size_t offset = 0, length = 0;  ///< of the whole tag in the text
  Place place;
};

struct TemplateFault {
  Place place;
  std::string message;
};

/// Everything the text says about itself, without rendering it. Never throws; linear in the text. Text of any bytes.
struct TemplateScan {
  std::vector<VariableUse> variables;  ///< each use, in order
  std::vector<PartialUse> partials;
  std::vector<TemplateFault> faults;    ///< it cannot be rendered
  std::vector<TemplateFault> literals;  ///< looks like a tag, is none, and stays as it stands: {{"a": 1}}
  bool changesDelimiters = false;       ///< mustache's {{=<% %>=}}
  bool nonPlainTags = false;            ///< mustache beyond {{name}}: sections, partials, {{{, {{&, comments
  Place firstNonPlain;
};
TemplateScan scanTemplate(std::string_view text, TemplateFormat format);

/// What the templates of a prompt take, each name once, in order of appearance.
struct TemplateVariable {
  std::string name;
  bool conditional = true;  ///< all its uses are
  bool section = false;
};
std::vector<TemplateVariable> templateVariables(const Prompt& prompt);

/// The partials that the templates of a prompt name, each (name, selector) once.
std::vector<PartialUse> partialsOf(const Prompt& prompt);

/// The text without its comments, for telling whether a change is one of comments only.
std::string withoutComments(std::string_view text, TemplateFormat format);

}  // namespace regesta::delivery
