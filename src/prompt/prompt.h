#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace regesta::prompt {

enum class TemplateFormat { mustache, jinja2, fString };
std::string_view formatName(TemplateFormat format);  ///< "mustache", "jinja2", "f-string"
std::optional<TemplateFormat> parseFormat(std::string_view text);

/// One message of a chat prompt, or a placeholder for the caller's messages.
struct Message {
  std::string role, content;
  std::string placeholder;  ///< not empty: {"type":"placeholder","name":…}, and role and content are empty
  json::object more;        ///< other members, unchanged
};

/// The content of a prompt version, which every front reads and writes. As canonical JSON (RFC 8785), with the members
/// that are not empty:
///   {"examples","input_schema","labels","model_config","partials","response_format","template",
///    "template_format","tools","type"}
/// `type` is "text" or "chat"; `template` is the text, or the list of messages; `template_format` is left out when it
/// is "mustache". Only the template is ever executed, in a worker process.
struct Prompt {
  bool chat = false;
  std::string text;               ///< text prompts
  std::vector<Message> messages;  ///< chat prompts
  TemplateFormat format = TemplateFormat::mustache;
  json::object inputSchema;  ///< JSON Schema of the variables: {"type":"object","properties":…,"required":[…]}
  json::value modelConfig;   ///< model, provider, temperature, …; null: none (MLflow's model_config, Langfuse's config)
  json::value responseFormat;  ///< null, a JSON Schema, or text that a client put there
  json::array tools, examples;
  std::vector<std::string> labels;
  json::object partials;  ///< name → {"range","version","digest"}: what {{> name@range}} meant at registration

  /// All template texts: the text, or each message's content.
  std::vector<std::string_view> templates() const;
};

/// Reads a version's content. Throws Invalid that names the member and its rule ("template", "messages", …).
Prompt parsePrompt(std::string_view contentJson);
Prompt parsePrompt(const json::object& content);
/// The canonical content, whose digest is the version's.
std::string canonicalPrompt(const Prompt& prompt);

}  // namespace regesta::prompt
