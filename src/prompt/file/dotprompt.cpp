#include <algorithm>

#include "base/text.h"
#include "prompt/file/forms.h"
#include "prompt/file/handlebars.h"
#include "prompt/file/members.h"
#include "prompt/file/picoschema.h"

namespace regesta::prompt::file {
namespace {

/// Removes the dotted members "regesta.x" from the rest and returns them without the prefix.
FrontMatter ours(FrontMatter& found) {
  FrontMatter own = found;
  own.members.clear();
  for (const auto& [key, value] : found.members)
    if (std::string_view(key).starts_with("regesta.")) own.members[std::string_view(key).substr(8)] = value;
  if (const json::value* nested = found.members.if_contains("regesta"); nested && nested->is_object())
    for (const auto& [key, value] : nested->get_object()) own.members[key] = value;
  found.members.erase("regesta");
  for (const auto& [key, value] : own.members) found.members.erase(fmt::format("regesta.{}", std::string_view(key)));
  return own;
}

const json::object* objectIn(const FrontMatter& found, std::string_view member) {
  const json::value* value = found.members.if_contains(member);
  if (!value || value->is_null()) return nullptr;
  if (!value->is_object()) found.fail(member, "must be members");
  return &value->get_object();
}

json::value schemaIn(const FrontMatter& found, std::string_view member, const json::value& schema) {
  try {
    return fromPicoschema(schema);
  } catch (const Error& fault) {
    found.fail(member, fmt::format("has a faulty schema: {}", fault.message));
  }
}

void takeInput(const FrontMatter& found, json::object& content) {
  const json::object* input = objectIn(found, "input");
  if (!input) return;
  json::object schema;
  if (const json::value* compact = input->if_contains("schema"))
    if (json::value whole = schemaIn(found, "input", *compact); whole.is_object())
      schema = std::move(whole.get_object());
  if (const json::value* defaults = input->if_contains("default"); defaults && defaults->is_object())
    for (const auto& [name, value] : defaults->get_object()) {
      json::value& properties = schema["properties"];
      if (!properties.is_object()) properties = json::object();
      json::value& property = properties.get_object()[name];
      if (!property.is_object()) property = json::object();
      property.get_object()["default"] = value;
    }
  if (!schema.empty() && !schema.contains("type")) schema["type"] = "object";
  if (!schema.empty()) content["input_schema"] = std::move(schema);
}

void takeOutput(const FrontMatter& found, json::object& content) {
  const json::object* output = objectIn(found, "output");
  if (!output) return;
  if (const json::value* schema = output->if_contains("schema"))
    content["response_format"] = schemaIn(found, "output", *schema);
  else if (const json::value* format = output->if_contains("format"); format && *format == "json")
    content["response_format"] = json::object();
}

void takeModelConfig(const FrontMatter& found, json::object& content) {
  json::object config;
  if (const json::value* model = found.members.if_contains("model")) config["model"] = *model;
  if (const json::object* settings = objectIn(found, "config"))
    for (const auto& [key, value] : *settings) config[key] = value;
  if (!config.empty()) content["model_config"] = std::move(config);
}

void takeBody(const FrontMatter& found, json::object& content, PromptFile& file) {
  try {
    HandlebarsBody body = readHandlebars(found.body);
    if (body.format != TemplateFormat::mustache) content["template_format"] = formatName(body.format);
    file.bodyLine = found.bodyLine;
    bool chat = body.messages.size() > 1 || (!body.messages.empty() && !body.messages[0].role.empty()) ||
                (!body.messages.empty() && !body.messages[0].placeholder.empty());
    content["type"] = chat ? "chat" : "text";
    if (!chat) {
      content["template"] = body.messages.empty() ? "" : body.messages[0].content;
      return;
    }
    for (std::size_t i = 0; i < body.messages.size(); ++i) {
      Message& message = body.messages[i];
      if (message.role.empty() && message.placeholder.empty()) message.role = "user";  // as Dotprompt has it
      file.messageLines.push_back(message.placeholder.empty() ? found.bodyLine + body.lines[i] : 0);
    }
    content["template"] = messagesJson(body.messages);
  } catch (const HandlebarsFault& fault) {
    failAt(found.path, found.bodyLine + fault.line, fault.message);
  }
}

constexpr std::string_view dotpromptMembers[] = {"name", "variant", "model", "tools", "config", "input", "output"};

}  // namespace

PromptFile readDotprompt(FrontMatter found) {
  PromptFile file;
  FrontMatter own = ours(found);
  file.semver = takeText(own, "version");
  file.description = takeText(own, "description");
  file.aliases = takeTexts(own, "aliases");
  takeTags(own, "tags", file.tags);
  json::object content;
  for (std::string_view member : {"labels", "examples", "partials"})
    if (const json::value* value = own.members.if_contains(member)) content[member] = *value, own.members.erase(member);
  for (const auto& [key, value] : own.members) file.tags.emplace("regesta." + std::string(key), tagText(value));

  if (const json::value* name = found.members.if_contains("name"); name && name->is_string()) {
    file.name = std::string(name->get_string());
    if (const json::value* variant = found.members.if_contains("variant"); variant && variant->is_string())
      file.name += "." + std::string(variant->get_string());
  }
  takeModelConfig(found, content);
  takeInput(found, content);
  takeOutput(found, content);
  if (const json::value* tools = found.members.if_contains("tools")) content["tools"] = *tools;
  if (const json::object* metadata = objectIn(found, "metadata"))
    for (const auto& [key, value] : *metadata) file.tags.emplace("metadata." + std::string(key), tagText(value));
  for (const auto& [key, value] : found.members)
    if (std::string_view(key).find('.') != std::string_view::npos)
      file.tags.emplace(std::string(key), tagText(value));
    else if (key != "metadata" &&
             std::ranges::find(dotpromptMembers, std::string_view(key)) == std::end(dotpromptMembers))
      file.tags.emplace("dotprompt." + std::string(key), tagText(value));
  takeBody(found, content, file);
  file.prompt = contentOf(found, content);
  return file;
}

namespace {

[[noreturn]] void cannot(std::string_view what) {
  throw error(Code::unsupported, "a .prompt file cannot hold {}; write it as .md", what);
}

void writeModel(json::object& members, const json::value& config) {
  if (config.is_null()) return;
  if (!config.is_object()) cannot("a model_config that is not an object");
  json::object rest = config.get_object();
  if (const json::value* model = rest.if_contains("model")) {
    if (!model->is_string()) cannot("a model that is not a string");
    members["model"] = *model;
    rest.erase("model");
  }
  if (!rest.empty()) members["config"] = std::move(rest);
}

void writeSchemas(json::object& members, const Prompt& prompt) {
  if (!prompt.inputSchema.empty()) {
    std::optional<json::object> shorter = toPicoschema(prompt.inputSchema);
    members["input"] = json::object{{"schema", shorter ? json::value(*shorter) : json::value(prompt.inputSchema)}};
  }
  if (prompt.responseFormat.is_null()) return;
  if (!prompt.responseFormat.is_object()) cannot("a response format that is not a schema");
  const json::object& schema = prompt.responseFormat.get_object();
  json::object output{{"format", "json"}};
  if (!schema.empty()) {
    std::optional<json::object> shorter = toPicoschema(schema);
    output["schema"] = shorter ? json::value(*shorter) : json::value(schema);
  }
  members["output"] = std::move(output);
}

std::string bodyOf(const Prompt& prompt) {
  if (!prompt.chat) return prompt.text;
  std::string body;
  for (const Message& message : prompt.messages) {
    if (!message.more.empty()) cannot("messages with members other than role and content");
    if (!message.placeholder.empty() && message.placeholder != "history") cannot("placeholders but \"history\"");
    if (!body.empty()) body += "\n";
    body += message.placeholder.empty() ? fmt::format("{{{{role \"{}\"}}}}\n{}\n", message.role, message.content)
                                        : "{{history}}\n";
  }
  return body;
}

}  // namespace

std::string writeDotprompt(const PromptFile& file) {
  const Prompt& prompt = file.prompt;
  if (prompt.format != TemplateFormat::mustache) cannot(fmt::format("a {} template", formatName(prompt.format)));
  json::object members;
  writeModel(members, prompt.modelConfig);
  writeSchemas(members, prompt);
  if (!prompt.tools.empty()) members["tools"] = prompt.tools;
  if (!file.semver.empty()) members["regesta.version"] = file.semver;
  if (!file.description.empty()) members["regesta.description"] = file.description;
  if (!prompt.labels.empty()) members["regesta.labels"] = json::array(prompt.labels.begin(), prompt.labels.end());
  if (!prompt.examples.empty()) members["regesta.examples"] = prompt.examples;
  if (!prompt.partials.empty()) members["regesta.partials"] = prompt.partials;
  if (!file.tags.empty()) {
    json::object tags;
    for (const auto& [key, value] : file.tags) tags[key] = value;
    members["regesta.tags"] = std::move(tags);
  }
  if (!file.aliases.empty()) members["regesta.aliases"] = json::array(file.aliases.begin(), file.aliases.end());
  return writeFrontMatter(members, trimmedBody(bodyOf(prompt)));
}

}  // namespace regesta::prompt::file
