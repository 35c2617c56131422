#include "prompt/lint.h"

#include <algorithm>
#include <unordered_set>

#include "base/limits.h"
#include "base/text.h"
#include "prompt/secrets.h"
#include "prompt/template/places.h"
#include "prompt/variables.h"

namespace regesta::prompt {
namespace {

constexpr int mostSuggestions = 20;  // "did you mean", of one text

bool isNameByte(unsigned char c) { return std::isalnum(c) || c == '_'; }

/// One text of the prompt, looked at for itself.
class TextLint {
 public:
  TextLint(std::vector<Problem>& out, const Prompt& prompt, std::string_view text, int index)
      : out_(out), prompt_(prompt), text_(text), index_(index) {}

  void run() {
    TemplateScan scan = scanTemplate(text_, prompt_.format);
    for (const TemplateFault& fault : scan.faults) add(Severity::error, "template-syntax", fault.message, fault.place);
    for (const TemplateFault& literal : scan.literals)
      add(Severity::warning, "not-a-name",
          fmt::format("'{}' is not a tag and stays in the text; other Mustache implementations may drop it",
                      literal.message),
          literal.place);
    declared(scan);
    if (scan.nonPlainTags && prompt_.format == TemplateFormat::mustache)
      add(Severity::warning, "plain-replace",
          "sections, partials, comments and triple braces are not understood by clients that only replace {{name}}, "
          "such as Langfuse's Python SDK",
          scan.firstNonPlain);
    dialects();
    inert("${env:");
    inert("${file:");
    for (const Secret& secret : secretsIn(text_))
      add(Severity::error, "secret", fmt::format("looks like {}: {}", secret.what, secret.masked),
          placeOf(text_, secret.offset));
  }

 private:
  void add(Severity severity, std::string_view rule, std::string message, Place place) {
    out_.push_back({severity, std::string(rule), std::move(message), index_, place});
  }

  void declared(const TemplateScan& scan) {
    const json::value* properties = prompt_.inputSchema.if_contains("properties");
    if (!properties || !properties->is_object()) return;
    std::vector<std::string> known;
    for (const auto& [name, schema] : properties->get_object()) known.emplace_back(std::string_view(name));
    std::unordered_set<std::string_view> told(known.begin(), known.end());
    int suggestions = 0;
    for (const VariableUse& use : scan.variables) {
      if (!told.insert(use.name).second) continue;
      // Within a section it may be a member of the section's items.
      bool member = use.conditional && !use.section && prompt_.format == TemplateFormat::mustache;
      std::optional<std::string> meant;
      if (++suggestions <= mostSuggestions) meant = nearest(use.name, known);
      add(member ? Severity::warning : Severity::error, "undeclared-variable",
          fmt::format("variable '{}' is not declared in input_schema{}", use.name,
                      meant ? fmt::format("; did you mean '{}'?", *meant) : ""),
          use.place);
    }
  }

  /// What belongs to another template language than the prompt's. Each kind once per text.
  void dialects() {
    if (prompt_.format != TemplateFormat::jinja2) {
      std::size_t at = text_.find("{%");
      if (at != std::string_view::npos && text_.find("%}", at) != std::string_view::npos)
        mixed(at, fmt::format("'{{%' is Jinja2, and this is a {} template", formatName(prompt_.format)));
    }
    if (prompt_.format == TemplateFormat::fString) {
      std::size_t at = text_.find("{{");
      if (at != std::string_view::npos && at + 2 < text_.size() &&
          isNameByte(static_cast<unsigned char>(text_[at + 2])))
        mixed(at, "'{{name}}' prints braces in an f-string; a variable is {name}");
    } else if (std::size_t at = singleBraces(); at != std::string_view::npos) {
      mixed(at, fmt::format("'{}' is an f-string's variable, and this is a {} template: it stays as it stands",
                            text_.substr(at, text_.find('}', at) - at + 1), formatName(prompt_.format)));
    }
    if (prompt_.format == TemplateFormat::jinja2)
      for (std::string_view sign : {"{{^", "{{>"})
        if (std::size_t at = text_.find(sign); at != std::string_view::npos)
          mixed(at, fmt::format("'{}' is Mustache, and this is a jinja2 template", sign));
  }
  void mixed(std::size_t at, std::string message) {
    add(Severity::warning, "mixed-dialect", std::move(message), placeOf(text_, at));
  }

  /// The first {name} with single braces.
  std::size_t singleBraces() const {
    for (std::size_t at = text_.find('{'); at != std::string_view::npos; at = text_.find('{', at + 1)) {
      if (at > 0 && (text_[at - 1] == '{' || text_[at - 1] == '$')) continue;
      std::size_t end = at + 1;
      while (end < text_.size() && isNameByte(static_cast<unsigned char>(text_[end]))) ++end;
      bool name = end > at + 1 && !std::isdigit(static_cast<unsigned char>(text_[at + 1]));
      bool closed = end < text_.size() && text_[end] == '}' && (end + 1 == text_.size() || text_[end + 1] != '}');
      if (name && closed) return at;
    }
    return std::string_view::npos;
  }

  void inert(std::string_view reference) {
    std::size_t at = text_.find(reference);
    if (at != std::string_view::npos)
      add(Severity::warning, "inert-reference", fmt::format("'{}…}}' is not looked up: it stays text", reference),
          placeOf(text_, at));
  }

  std::vector<Problem>& out_;
  const Prompt& prompt_;
  std::string_view text_;
  int index_;
};

/// What is about the prompt as a whole.
class WholeLint {
 public:
  WholeLint(std::vector<Problem>& out, const Prompt& prompt, const LintOptions& options)
      : out_(out), prompt_(prompt), options_(options) {}

  void run() {
    unused();
    schema();
    placeholders();
    secrets();
    std::size_t tokens = estimatedTokens(options_.composed ? *options_.composed : prompt_);
    if (tokens > options_.maxTokens)
      add(Severity::warning, "token-length", fmt::format("about {} tokens, more than {}", tokens, options_.maxTokens));
  }

 private:
  void add(Severity severity, std::string_view rule, std::string message) {
    out_.push_back({severity, std::string(rule), std::move(message)});
  }

  void unused() {
    if (!options_.composed && !partialsOf(prompt_).empty()) return;
    for (const Variable& variable : variablesOf(options_.composed ? *options_.composed : prompt_))
      if (variable.declared && !variable.used)
        add(Severity::warning, "unused-variable",
            fmt::format("variable '{}' is declared in input_schema and not used", variable.name));
  }

  void schema() {
    const json::object& schema = prompt_.inputSchema;
    if (schema.empty()) return;
    if (const json::value* type = schema.if_contains("type"); type && *type != "object")
      add(Severity::error, "schema", "input_schema must be of type object: its properties are the variables");
    const json::value* properties = schema.if_contains("properties");
    if (properties && !properties->is_object()) add(Severity::error, "schema", "properties must be an object");
    const json::value* required = schema.if_contains("required");
    if (!required) return;
    if (!required->is_array()) return add(Severity::error, "schema", "required must be a list of names");
    for (const json::value& name : required->get_array()) {
      bool known = name.is_string() && properties && properties->is_object() &&
                   properties->get_object().contains(std::string_view(name.get_string()));
      if (!known)
        add(Severity::warning, "schema", fmt::format("required names {}, which properties does not", writeJson(name)));
    }
  }

  void placeholders() {
    std::vector<std::string> names = placeholdersOf(prompt_);
    for (const TemplateVariable& variable : templateVariables(prompt_))
      if (std::ranges::find(names, variable.name) != names.end())
        add(Severity::error, "placeholder-name",
            fmt::format("'{}' is a variable and a placeholder; one of them needs another name", variable.name));
    std::ranges::sort(names);
    if (auto twice = std::ranges::adjacent_find(names); twice != names.end())
      add(Severity::warning, "placeholder-name", fmt::format("the placeholder '{}' is used twice", *twice));
  }

  void secrets() {
    std::string rest = writeJson(prompt_.modelConfig) + writeJson(json::value(prompt_.tools)) +
                       writeJson(json::value(prompt_.examples)) + writeJson(json::value(prompt_.inputSchema));
    for (const Message& message : prompt_.messages)
      if (!message.more.empty()) rest += writeJson(json::value(message.more));
    for (const Secret& secret : secretsIn(rest))
      add(Severity::error, "secret",
          fmt::format("its settings contain what looks like {}: {}", secret.what, secret.masked));
  }

  std::vector<Problem>& out_;
  const Prompt& prompt_;
  const LintOptions& options_;
};

}  // namespace

std::string_view severityName(Severity severity) { return severity == Severity::error ? "error" : "warning"; }

std::vector<Problem> lint(const Prompt& prompt, const LintOptions& options) {
  std::vector<Problem> problems;
  if (prompt.chat) {
    for (std::size_t i = 0; i < prompt.messages.size(); ++i)
      if (prompt.messages[i].placeholder.empty())
        TextLint(problems, prompt, prompt.messages[i].content, static_cast<int>(i)).run();
  } else {
    TextLint(problems, prompt, prompt.text, -1).run();
  }
  WholeLint(problems, prompt, options).run();
  std::sort(problems.begin(), problems.end(), [](const Problem& a, const Problem& b) {
    return std::tuple(a.severity != Severity::error, a.index, a.place.line, a.place.column, a.rule) <
           std::tuple(b.severity != Severity::error, b.index, b.place.line, b.place.column, b.rule);
  });
  if (problems.size() > limits::problems) problems.resize(limits::problems);
  return problems;
}

bool hasErrors(const std::vector<Problem>& problems) {
  return std::ranges::any_of(problems, [](const Problem& problem) { return problem.severity == Severity::error; });
}

json::array problemsJson(const std::vector<Problem>& problems) {
  json::array list;
  for (const Problem& problem : problems) {
    json::object one{
        {"severity", severityName(problem.severity)}, {"rule", problem.rule}, {"message", problem.message}};
    if (problem.index >= 0) one["message_index"] = problem.index;
    if (problem.place.line > 0) one["line"] = problem.place.line, one["column"] = problem.place.column;
    list.emplace_back(std::move(one));
  }
  return list;
}

std::size_t fileLine(const PromptFile& file, const Problem& problem) {
  if (problem.place.line == 0) return 0;
  if (problem.index < 0) return file.bodyLine == 0 ? 0 : file.bodyLine + problem.place.line - 1;
  auto index = static_cast<std::size_t>(problem.index);
  if (index >= file.messageLines.size() || file.messageLines[index] == 0) return 0;
  return file.messageLines[index] + problem.place.line - 1;
}

}  // namespace regesta::prompt
