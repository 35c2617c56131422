#include <algorithm>

#include "base/text.h"
#include "prompt/file/forms.h"
#include "prompt/file/members.h"
#include "prompt/file/roles.h"

namespace regesta::prompt::file {
namespace {

constexpr std::string_view scalarTypes[] = {"string", "integer", "boolean", "array", "object"};

std::string_view typeOf(std::string_view kind) {
  if (std::ranges::find(scalarTypes, kind) != std::end(scalarTypes)) return kind;
  if (kind == "float" || kind == "number") return "number";
  return {};  // image, file, thread, …: anything
}

std::string textIn(const json::object& members, std::string_view member) {
  const json::value* value = members.if_contains(member);
  return value && value->is_string() ? std::string(value->get_string()) : "";
}

/// One input or output of either version: {kind|type, description, required, default, example|sample, enumValues}.
json::object propertyOf(const json::object& input) {
  json::object property;
  std::string kind = textIn(input, "kind");
  if (kind.empty()) kind = textIn(input, "type");
  if (std::string_view type = typeOf(kind); !type.empty()) property["type"] = type;
  if (std::string text = textIn(input, "description"); !text.empty()) property["description"] = text;
  if (const json::value* value = input.if_contains("default")) property["default"] = *value;
  for (std::string_view member : {"example", "sample"})
    if (const json::value* value = input.if_contains(member)) property["examples"] = json::array{*value};
  if (const json::value* values = input.if_contains("enumValues"); values && values->is_array())
    property["enum"] = *values;
  return property;
}

/// Inputs are a list of {name, …} or a map of names to {…} or to an example. Required is what has no default, unless
/// the file says otherwise.
json::object schemaOf(const FrontMatter& found, std::string_view member, const json::value& inputs) {
  json::object properties;
  json::array required;
  auto add = [&](std::string_view name, const json::value& input) {
    if (name.empty()) found.fail(member, "need a name each");
    if (!input.is_object()) {
      properties[name] = json::object{{"examples", json::array{input}}};
      required.emplace_back(name);
      return;
    }
    const json::object& facts = input.get_object();
    const json::value* needed = facts.if_contains("required");
    properties[name] = propertyOf(facts);
    if (needed && needed->is_bool() ? needed->get_bool() : !facts.contains("default")) required.emplace_back(name);
  };
  if (inputs.is_array()) {
    for (const json::value& input : inputs.get_array())
      add(input.is_object() ? textIn(input.get_object(), "name") : "", input);
  } else if (inputs.is_object()) {
    for (const auto& [name, input] : inputs.get_object()) add(name, input);
  } else {
    found.fail(member, "must be a list or members");
  }
  json::object schema{{"type", "object"}, {"properties", std::move(properties)}};
  if (!required.empty()) schema["required"] = std::move(required);
  return schema;
}

void takeModel(const FrontMatter& found, json::object& content) {
  const json::value* model = found.members.if_contains("model");
  if (!model || model->is_null()) return;
  json::object config;
  if (model->is_string()) {
    config["model"] = *model;
  } else if (model->is_object()) {
    for (const auto& [key, value] : model->get_object()) {
      std::string_view name = key;
      if (name == "connection" || name == "configuration") continue;  // where to, and whose key
      if ((name == "options" || name == "parameters") && value.is_object())
        for (const auto& [option, setting] : value.get_object()) config[option] = setting;
      else
        config[name == "id" ? "model" : name] = value;
    }
    const json::value* old = model->get_object().if_contains("configuration");  // version 1 names the model there
    if (old && old->is_object() && !config.contains("model"))
      for (std::string_view member : {"azure_deployment", "name", "model"})
        if (std::string name = textIn(old->get_object(), member); !name.empty()) config["model"] = name;
  } else {
    found.fail("model", "must be text or members");
  }
  if (!config.empty()) content["model_config"] = std::move(config);
}

std::string formatIn(const FrontMatter& found) {
  const json::value* shape = found.members.if_contains("template");
  if (!shape || shape->is_null()) return "jinja2";
  std::string format;
  if (shape->is_string()) format = std::string(shape->get_string());
  if (shape->is_object()) {
    const json::object& members = shape->get_object();
    format = textIn(members, "format");
    if (format.empty()) format = textIn(members, "type");
    if (const json::value* kind = members.if_contains("format"); kind && kind->is_object())
      format = textIn(kind->get_object(), "kind");
  }
  if (format.empty() || format == "jinja") return "jinja2";
  if (!parseFormat(format)) found.fail("template", fmt::format("has the format '{}', which is not supported", format));
  return format;
}

void takeBody(const FrontMatter& found, json::object& content, PromptFile& file) {
  file.bodyLine = found.bodyLine;
  if (startsWithRole(found.body)) {
    content["type"] = "chat";
    takeRoles(found, content, file);
  } else {
    content["type"] = "text";
    content["template"] = found.body;
  }
}

void takeFacts(FrontMatter& found, PromptFile& file) {
  file.name = takeText(found, "name");
  file.semver = takeText(found, "version");
  file.description = takeText(found, "description");
  const json::value* metadata = found.members.if_contains("metadata");
  if (metadata && metadata->is_object())
    for (const auto& [key, value] : metadata->get_object()) {
      std::string name(key);
      if (!name.starts_with("regesta."))
        file.tags.emplace("metadata." + name, tagText(value));
      else if (name == "regesta.version")
        file.semver = tagText(value);
      else if (name == "regesta.aliases" && value.is_array())
        for (const json::value& alias : value.get_array()) file.aliases.push_back(tagText(alias));
      else if (name == "regesta.tags" && value.is_object())
        for (const auto& [tag, text] : value.get_object()) file.tags.emplace(std::string(tag), tagText(text));
    }
  for (std::string_view member : {"authors", "displayName", "tags"})
    if (const json::value* value = found.members.if_contains(member))
      file.tags.emplace("prompty." + std::string(member), tagText(*value));
}

}  // namespace

PromptFile readPrompty(FrontMatter found) {
  PromptFile file;
  takeFacts(found, file);
  json::object content;
  content["template_format"] = formatIn(found);
  takeModel(found, content);
  if (const json::value* inputs = found.members.if_contains("inputs"); inputs && !inputs->is_null())
    content["input_schema"] = schemaOf(found, "inputs", *inputs);
  else if (const json::value* sample = found.members.if_contains("sample"); sample && sample->is_object())
    content["input_schema"] = schemaOf(found, "sample", *sample);
  if (const json::value* outputs = found.members.if_contains("outputs");
      outputs && (outputs->is_array() || outputs->is_object()))
    content["response_format"] = schemaOf(found, "outputs", *outputs);
  if (const json::value* tools = found.members.if_contains("tools"); tools && tools->is_array())
    content["tools"] = *tools;
  takeBody(found, content, file);
  file.prompt = contentOf(found, content);
  return file;
}

namespace {

[[noreturn]] void cannot(std::string_view what) {
  throw error(Code::unsupported, "a .prompty file cannot hold {}; write it as .md", what);
}

json::array inputsOf(const json::object& schema) {
  json::array inputs;
  const json::value* properties = schema.if_contains("properties");
  if (!properties || !properties->is_object()) return inputs;
  std::vector<std::string> required;
  if (const json::value* names = schema.if_contains("required"); names && names->is_array())
    for (const json::value& name : names->get_array()) required.push_back(tagText(name));
  for (const auto& [name, property] : properties->get_object()) {
    json::object input{{"name", std::string_view(name)}};
    bool needed = std::ranges::find(required, std::string_view(name)) != required.end();
    if (property.is_object()) {
      const json::object& facts = property.get_object();
      if (std::string type = textIn(facts, "type"); !type.empty()) input["kind"] = type == "number" ? "float" : type;
      for (std::string_view member : {"description", "default"})
        if (const json::value* value = facts.if_contains(member)) input[member] = *value;
      if (const json::value* examples = facts.if_contains("examples"); examples && examples->is_array())
        if (!examples->get_array().empty()) input["example"] = examples->get_array()[0];
      if (const json::value* values = facts.if_contains("enum")) input["enumValues"] = *values;
    }
    if (needed == input.contains("default")) input["required"] = needed;
    inputs.emplace_back(std::move(input));
  }
  return inputs;
}

json::object modelOf(const json::value& config) {
  if (!config.is_object()) cannot("a model_config that is not an object");
  json::object model, options;
  for (const auto& [key, value] : config.get_object()) {
    std::string_view name = key;
    if (name == "model")
      model["id"] = value;
    else if (name == "provider" || name == "apiType" || name == "api")
      model[name] = value;
    else
      options[name] = value;
  }
  if (!options.empty()) model["options"] = std::move(options);
  return model;
}

json::object metadataOf(const PromptFile& file) {
  json::object metadata, tags;
  if (!file.semver.empty()) metadata["regesta.version"] = file.semver;
  for (const auto& [key, value] : file.tags) tags[key] = value;
  if (!tags.empty()) metadata["regesta.tags"] = std::move(tags);
  if (!file.aliases.empty()) metadata["regesta.aliases"] = json::array(file.aliases.begin(), file.aliases.end());
  return metadata;
}

}  // namespace

std::string writePrompty(const PromptFile& file) {
  const Prompt& prompt = file.prompt;
  if (prompt.format == TemplateFormat::fString) cannot("an f-string template");
  if (!prompt.examples.empty() || !prompt.labels.empty() || !prompt.partials.empty())
    cannot("examples, labels or partials");
  json::object members;
  if (!file.description.empty()) members["description"] = file.description;
  if (json::object metadata = metadataOf(file); !metadata.empty()) members["metadata"] = std::move(metadata);
  if (!prompt.modelConfig.is_null()) members["model"] = modelOf(prompt.modelConfig);
  if (!prompt.inputSchema.empty()) members["inputs"] = inputsOf(prompt.inputSchema);
  if (!prompt.responseFormat.is_null()) {
    if (!prompt.responseFormat.is_object()) cannot("a response format that is not a schema");
    members["outputs"] = inputsOf(prompt.responseFormat.get_object());
  }
  if (!prompt.tools.empty()) members["tools"] = prompt.tools;
  members["template"] = json::object{{"format", json::object{{"kind", formatName(prompt.format)}}},
                                     {"parser", json::object{{"kind", "prompty"}}}};
  if (!prompt.chat) return writeFrontMatter(members, prompt.text);
  std::optional<std::string> roles = writeRoles(prompt.messages);
  if (!roles) cannot("messages with other roles, or members other than role and content");
  return writeFrontMatter(members, *roles);
}

}  // namespace regesta::prompt::file
