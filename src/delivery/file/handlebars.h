#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "delivery/prompt.h"

namespace regesta::delivery::file {

/// A Dotprompt body in a template language of ours: mustache as it stands when it has no helpers; with if, unless,
/// each, json, @index, @first, @last and ../name, the same in Jinja2. {{role "x"}} starts a message, {{history}} is the
/// placeholder "history".
struct HandlebarsBody {
  TemplateFormat format = TemplateFormat::mustache;
  std::vector<Message> messages;   ///< the first has no role when text stands before every {{role}}
  std::vector<std::size_t> lines;  ///< of each message's text, from 0
};

/// Throws YamlFault-like HandlebarsFault for helpers that have no equal ({{media}}, {{section}}, …) and blocks that do
/// not close.
struct HandlebarsFault {
  std::size_t line = 0;  ///< from 0
  std::string message;
};
HandlebarsBody readHandlebars(std::string_view body);

}  // namespace regesta::delivery::file
