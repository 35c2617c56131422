#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "prompt/prompt.h"

namespace regesta::prompt::file {

/// A Dotprompt body in a supported template language: unchanged mustache if it has no helpers; with if, unless, each,
/// json, @index, @first, @last and ../name, converted to Jinja2. {{role "x"}} starts a message, {{history}} is the
/// placeholder "history".
struct HandlebarsBody {
  TemplateFormat format = TemplateFormat::mustache;
  std::vector<Message> messages;   ///< the first has no role if text precedes every {{role}}
  std::vector<std::size_t> lines;  ///< of each message's text, from 0
};

/// Throws HandlebarsFault for helpers without an equivalent ({{media}}, {{section}}, …) and blocks that do not close.
struct HandlebarsFault {
  std::size_t line = 0;  ///< from 0
  std::string message;
};
HandlebarsBody readHandlebars(std::string_view body);

}  // namespace regesta::prompt::file
