#include "prompt/render.h"

#include <algorithm>

#include "base/error.h"
#include "base/json_schema.h"
#include "base/limits.h"
#include "base/text.h"
#include "policy/engine.h"
#include "prompt/patterns.h"
#include "prompt/template/put_in.h"
#include "prompt/variables.h"

namespace regesta::prompt {
namespace {

Invalid missingVariables(const std::vector<std::string>& names) {
  std::string text = names.size() == 1 ? fmt::format("variable '{}' is missing", names.front())
                                       : fmt::format("variables '{}' are missing", fmt::join(names, "', '"));
  Invalid fault("variables", text);
  fault.message = std::move(text);
  fault.detail = writeJson(json::object{{"missing", json::array(names.begin(), names.end())}});
  return fault;
}

class Renderer {
 public:
  Renderer(const Prompt& prompt, const json::object& given, policy::Engine* engine)
      : prompt_(prompt), values_(given), engine_(engine) {}

  RenderedPrompt render() {
    if (writeJson(json::value(values_)).size() > limits::renderVariables)
      throw error(Code::tooLarge, "the variables are larger than {} bytes", limits::renderVariables);
    takeValues();
    RenderedPrompt rendered;
    if (!prompt_.chat)
      rendered.text = one(prompt_.text);
    else
      for (const Message& message : prompt_.messages) add(rendered.messages, message);
    return rendered;
  }

 private:
  void takeValues() {
    std::vector<std::string> missing;
    for (const Variable& variable : variablesOf(prompt_)) {
      const json::value* value = values_.if_contains(variable.name);
      if (!value && !variable.fallback.is_null())
        values_[variable.name] = variable.fallback;
      else if (!value && variable.required)
        missing.push_back(variable.name);
      else if (value && variable.declared)
        check(variable, *value);
    }
    if (!missing.empty()) {
      std::ranges::sort(missing);
      throw missingVariables(missing);
    }
    refuseUnknownVariables();
  }
  void check(const Variable& variable, const json::value& value) {
    json::value schema = variable.schema;
    if (json::object* members = schema.if_object())
      for (std::string_view shared : {"$defs", "definitions"})  // what "#/$defs/…" in it refers to
        if (const json::value* definitions = prompt_.inputSchema.if_contains(shared)) (*members)[shared] = *definitions;
    std::vector<SchemaProblem> problems = checkAgainstSchema(schema, value, matches_);
    if (problems.empty()) return;
    const SchemaProblem& first = problems.front();
    throw Invalid("variables", fmt::format("'{}{}' {}", variable.name, first.path, first.message));
  }

  /// Variables that are not declared, where the schema takes no others.
  void refuseUnknownVariables() const {
    const json::value* others = prompt_.inputSchema.if_contains("additionalProperties");
    if (!others || !others->is_bool() || others->get_bool()) return;
    std::vector<std::string> known = placeholdersOf(prompt_);
    for (const Variable& variable : variablesOf(prompt_)) known.push_back(variable.name);
    for (const auto& [name, value] : values_)
      if (std::ranges::find(known, std::string_view(name)) == known.end())
        throw Invalid("variables", fmt::format("must not have '{}'", shorten(std::string_view(name), 80)));
  }

  std::string one(std::string_view text) {
    std::string out = rendered(text);
    total_ += out.size();
    if (total_ > limits::renderedText)
      throw Error(Code::invalid, "the template does too much: its result is longer than any prompt");
    return out;
  }
  std::string rendered(std::string_view text) {
    if (prompt_.format == TemplateFormat::mustache) return renderMustache(text, values_);
    if (prompt_.format == TemplateFormat::fString) return renderFString(text, values_);
    if (!engine_) throw Error(Code::unsupported, "Jinja2 is rendered by the server only");
    return engine_->render(text, writeJson(json::value(values_)));
  }

  void add(json::array& messages, const Message& message) {
    if (!message.placeholder.empty()) return addPlaceholder(messages, message.placeholder);
    json::object members{{"role", message.role}};
    if (!message.more.contains("content")) members["content"] = one(message.content);
    for (const auto& [key, value] : message.more) members[key] = value;
    messages.emplace_back(std::move(members));
  }

  void addPlaceholder(json::array& messages, const std::string& name) {
    const json::value* given = values_.if_contains(name);
    if (!given || given->is_null()) return;
    bool list = given->is_array() && std::ranges::all_of(given->get_array(), [](const json::value& message) {
                  return message.is_object() && message.get_object().contains("role");
                });
    if (!list) throw Invalid("variables", fmt::format("'{}' must be a list of messages with a role each", name));
    for (const json::value& message : given->get_array()) messages.push_back(message);
  }

  const Prompt& prompt_;
  json::object values_;
  policy::Engine* engine_;
  PatternSearch matches_ = patternSearch();  // the limits of one hold for all variables
  std::size_t total_ = 0;
};

}  // namespace

RenderedPrompt render(const Prompt& prompt, const json::object& variables, policy::Engine& engine) {
  return Renderer(prompt, variables, &engine).render();
}

RenderedPrompt render(const Prompt& prompt, const json::object& variables) {
  return Renderer(prompt, variables, nullptr).render();
}

}  // namespace regesta::prompt
