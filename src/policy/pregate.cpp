#include "policy/pregate.h"

#include <fmt/format.h>

#include "base/limits.h"
#include "base/text.h"

namespace regesta::policy {
namespace {

bool isWordCharacter(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

/// Reads Rego just closely enough to tell strings and comments from code.
class Measure {
 public:
  explicit Measure(const Module& module) : module_(module), text_(module.text) {}

  std::optional<Problem> run() {
    while (at_ < text_.size() && !problem_) step();
    return problem_;
  }

 private:
  void step() {
    char c = text_[at_];
    if (c == '\n') return newLine();
    if (c == '#') return skipComment();
    if (c == '"') return skipString();
    if (c == '`') return skipRawString();
    if (isWordCharacter(c)) return word();
    if (c == '(' || c == '[' || c == '{') open();
    if (c == ')' || c == ']' || c == '}') close();
    if (c == ';' || c == '{') operators_ = 0;
    if (std::string_view("+-*/%&|<>=!").find(c) != std::string_view::npos) countOperator();
    if (c != ' ' && c != '\t' && c != '\r') last_ = c;
    ++at_;
  }

  void newLine() {
    // A statement goes on when its line ends in an operator, a comma, or inside round or square brackets.
    bool goesOn = round_ > 0 || std::string_view("+-*/%&|<>=!,:([").find(last_) != std::string_view::npos;
    if (!goesOn && !nextLineGoesOn()) operators_ = 0;
    ++row_;
    lineStart_ = ++at_;
  }

  /// The next line begins with an operator: the statement may go on there.
  bool nextLineGoesOn() const {
    auto next = text_.find_first_not_of(" \t\r\n", at_);
    return next != std::string_view::npos &&
           std::string_view("+-*/%&|<>=!").find(text_[next]) != std::string_view::npos;
  }

  void skipComment() {
    while (at_ < text_.size() && text_[at_] != '\n') ++at_;
  }

  void skipString() {
    for (++at_; at_ < text_.size() && text_[at_] != '"' && text_[at_] != '\n'; ++at_)
      if (text_[at_] == '\\') ++at_;
    if (at_ < text_.size() && text_[at_] == '"') ++at_;
    last_ = '"';
  }

  void skipRawString() {
    for (++at_; at_ < text_.size() && text_[at_] != '`'; ++at_) {
      if (text_[at_] == '\n') {
        ++row_;
        lineStart_ = at_ + 1;
      }
    }
    if (at_ < text_.size()) ++at_;
    last_ = '`';
  }

  void word() {
    auto start = at_;
    while (at_ < text_.size() && isWordCharacter(text_[at_])) ++at_;
    auto name = text_.substr(start, at_ - start);
    // These nest like operators: `not not not x`, `x with input as y with …`, `if … else := … else := …`.
    if (name == "not" || name == "with" || name == "in" || name == "else" || name == "and" || name == "or")
      countOperator();
    last_ = text_[at_ - 1];
  }

  void open() {
    if (text_[at_] != '{') ++round_;
    if (++depth_ > limits::policyBracketDepth)
      report(fmt::format("brackets nest more than {} deep", limits::policyBracketDepth),
             "give inner parts their own rules or variables");
  }

  void close() {
    if (text_[at_] != '}' && round_ > 0) --round_;
    if (depth_ > 0) --depth_;
  }

  void countOperator() {
    if (++operators_ > limits::policyOperators)
      report(fmt::format("one statement has more than {} operators", limits::policyOperators),
             "split it into several rules");
  }

  void report(std::string message, std::string hint) {
    if (problem_) return;
    problem_ = Problem{.place = {module_.name, row_, static_cast<int>(at_ - lineStart_) + 1},
                       .code = "too_complex",
                       .message = std::move(message),
                       .hint = std::move(hint)};
  }

  const Module& module_;
  std::string_view text_;
  std::size_t at_ = 0, lineStart_ = 0, depth_ = 0, operators_ = 0;
  int row_ = 1, round_ = 0;
  char last_ = '\n';
  std::optional<Problem> problem_;
};

}  // namespace

std::optional<Problem> tooComplex(const Module& module) {
  auto refuse = [&](std::string message) {
    return Problem{.place = {module.name, 0, 0}, .code = "too_complex", .message = std::move(message)};
  };
  if (module.text.size() > limits::policyText)
    return refuse(fmt::format("the file has {} bytes; the limit is {}", module.text.size(), limits::policyText));
  if (!isUtf8(module.text)) return refuse("the file is not valid UTF-8");
  return Measure(module).run();
}

std::optional<Problem> tooComplex(const std::vector<Module>& modules) {
  if (modules.empty()) return Problem{.code = "missing_rule", .message = "the policy has no file"};
  if (modules.size() > limits::policyModules)
    return Problem{.code = "too_complex",
                   .message = fmt::format("{} files; the limit is {}", modules.size(), limits::policyModules)};
  for (const auto& module : modules)
    if (auto problem = tooComplex(module)) return problem;
  return {};
}

std::optional<std::string> tooComplexTemplate(std::string_view text) {
  if (text.size() > limits::templateText)
    return fmt::format("the template has {} bytes; the limit is {}", text.size(), limits::templateText);
  if (!isUtf8(text)) return "the template is not valid UTF-8";
  // minijinja's compiler recurses on long operator chains; other depth it limits itself.
  std::size_t operators = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    std::string_view rest = text.substr(at);
    if (rest.starts_with("{{") || rest.starts_with("{%") || rest.starts_with("}}") || rest.starts_with("%}"))
      operators = 0;
    bool word =
        rest.starts_with("not") || rest.starts_with("and") || rest.starts_with("or ") || rest.starts_with("if ");
    if (word || std::string_view("+-*/%~|<>=!").find(text[at]) != std::string_view::npos) ++operators;
    if (operators > limits::policyOperators)
      return fmt::format("one expression of the template has more than {} operators", limits::policyOperators);
  }
  return {};
}

}  // namespace regesta::policy
