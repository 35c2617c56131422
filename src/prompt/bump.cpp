#include "prompt/bump.h"

#include <algorithm>
#include <unordered_map>

#include "base/text.h"
#include "prompt/model_family.h"
#include "prompt/schema_change.h"
#include "prompt/template/scan.h"
#include "prompt/tool_change.h"
#include "prompt/variables.h"

namespace regesta::prompt {
namespace {

constexpr std::string_view bumpNames[] = {"none", "patch", "minor", "major"};

/// Collapses white space: each run becomes one space, and none remains at the ends.
std::string squeezed(std::string_view text) {
  std::string out;
  for (char c : trim(text)) {
    bool space = std::isspace(static_cast<unsigned char>(c));
    if (!space)
      out += c;
    else if (!out.ends_with(' '))
      out += ' ';
  }
  return out;
}

class Verdict {
 public:
  Verdict(const Prompt& before, const Prompt& after) : before_(before), after_(after) {}

  BumpVerdict judge() {
    kind();
    variables();
    placeholders();
    roles();
    responseFormat();
    for (BumpReason& reason : toolChanges(before_.tools, after_.tools)) add(reason.bump, std::move(reason.what));
    model();
    partials();
    text();
    smallMembers();
    if (verdict_.reasons.empty() && canonicalPrompt(before_) != canonicalPrompt(after_))
      add(Bump::patch, "the wording or order of the schema changed");
    // Highest first, and otherwise as they were found.
    BumpVerdict sorted;
    for (Bump bump : {Bump::major, Bump::minor, Bump::patch})
      for (BumpReason& reason : verdict_.reasons)
        if (reason.bump == bump) sorted.reasons.push_back(std::move(reason));
    if (!sorted.reasons.empty()) sorted.bump = sorted.reasons.front().bump;
    return sorted;
  }

 private:
  void add(Bump bump, std::string what) { verdict_.reasons.push_back({bump, std::move(what)}); }

  void kind() {
    if (before_.chat != after_.chat)
      add(Bump::major, before_.chat ? "a chat prompt became a text prompt" : "a text prompt became a chat prompt");
    if (before_.format != after_.format)
      add(Bump::major,
          fmt::format("the template language was {} and is {}", formatName(before_.format), formatName(after_.format)));
  }

  void variables() {
    std::vector<Variable> before = variablesOf(before_), after = variablesOf(after_);
    std::unordered_map<std::string_view, const Variable*> old, fresh;
    for (const Variable& one : before) old.emplace(one.name, &one);
    for (const Variable& one : after) fresh.emplace(one.name, &one);
    for (const Variable& one : before) {
      auto now = fresh.find(one.name);
      if (now == fresh.end())
        add(Bump::major, fmt::format("variable '{}' was removed", one.name));
      else
        variable(one, *now->second);
    }
    for (const Variable& now : after) {
      if (old.contains(now.name)) continue;
      if (now.required)
        add(Bump::major, fmt::format("variable '{}' is new and required", now.name));
      else
        add(Bump::minor, fmt::format("variable '{}' is new and optional", now.name));
    }
    if (!isClosed(before_.inputSchema) && isClosed(after_.inputSchema))
      add(Bump::major, "variables that are not declared are refused now");
  }
  static bool isClosed(const json::object& schema) {
    const json::value* others = schema.if_contains("additionalProperties");
    return others && others->is_bool() && !others->get_bool();
  }

  void variable(const Variable& old, const Variable& now) {
    if (!old.required && now.required && old.fallback.is_null())
      add(Bump::major, fmt::format("variable '{}' is newly required", now.name));
    if (old.required && !now.required) add(Bump::minor, fmt::format("variable '{}' became optional", now.name));
    if (!old.fallback.is_null() && now.fallback.is_null())
      add(Bump::major, fmt::format("variable '{}' lost its default", now.name));
    else if (!old.fallback.is_null() && old.fallback != now.fallback)
      add(Bump::minor, fmt::format("variable '{}' has another default", now.name));
    // Declaring an optional variable that was used undeclared does not break callers.
    if (!old.declared && !old.required && now.declared) return;
    for (const SchemaChange& change : schemaChanges(old.schema, now.schema, fmt::format("variable '{}'", now.name)))
      if (change.effect != SchemaChange::Effect::words)
        add(change.effect == SchemaChange::Effect::narrowed ? Bump::major : Bump::minor, change.what);
  }

  void placeholders() {
    std::vector<std::string> before = placeholdersOf(before_), after = placeholdersOf(after_);
    for (const std::string& name : before)
      if (std::ranges::find(after, name) == after.end())
        add(Bump::major, fmt::format("the placeholder '{}' was removed", name));
    for (const std::string& name : after)
      if (std::ranges::find(before, name) == before.end())
        add(Bump::major, fmt::format("the placeholder '{}' is new", name));
  }

  static std::string roleList(const Prompt& prompt) {
    std::string list;
    for (const Message& message : prompt.messages)
      list +=
          (list.empty() ? "" : ", ") + (message.placeholder.empty() ? message.role : "<" + message.placeholder + ">");
    return list;
  }
  void roles() {
    if (!before_.chat || !after_.chat) return;
    std::string before = roleList(before_), after = roleList(after_);
    if (before != after) add(Bump::major, fmt::format("the roles were {} and are {}", before, after));
  }

  /// What a consumer of answers must accept: a wider schema breaks it, a narrower one does not.
  void responseFormat() {
    const json::value &before = before_.responseFormat, &after = after_.responseFormat;
    if (before == after) return;
    if (before.is_null()) return add(Bump::major, "answers are structured now, and were text");
    if (after.is_null()) return add(Bump::major, "answers are text now, and were structured");
    if (!before.is_object() || !after.is_object()) return add(Bump::major, "the response format changed");
    for (const SchemaChange& change : schemaChanges(unwrapped(before), unwrapped(after), "the answer")) {
      using Kind = SchemaChange::Kind;
      bool safe = change.effect == SchemaChange::Effect::words || change.kind == Kind::memberAdded ||
                  change.kind == Kind::valueRemoved || change.kind == Kind::closed;
      add(safe ? Bump::minor : Bump::major, change.what);
    }
  }
  /// OpenAI's {"type":"json_schema","json_schema":{"schema":…}} holds the schema two levels down.
  static const json::value& unwrapped(const json::value& format) {
    const json::value* outer = format.get_object().if_contains("json_schema");
    const json::value* inner = outer && outer->is_object() ? outer->get_object().if_contains("schema") : nullptr;
    return inner ? *inner : format;
  }

  void model() {
    const json::value &before = before_.modelConfig, &after = after_.modelConfig;
    if (before == after) return;
    Model old = modelOf(before), now = modelOf(after);
    if (old.provider != now.provider && !old.provider.empty())
      add(Bump::major, fmt::format("the provider was {} and is {}", old.provider,
                                   now.provider.empty() ? "not named" : now.provider));
    if (old.family != now.family) {
      if (old.name.empty())
        add(Bump::minor, fmt::format("the model {} is named, where none was", now.name));
      else
        add(Bump::major,
            fmt::format("the model was {} and is {}", old.name, now.name.empty() ? "not named" : now.name));
    } else if (old.name != now.name) {
      add(Bump::minor, fmt::format("the model's snapshot was {} and is {}", old.name, now.name));
    }
    if (settings(before) != settings(after)) add(Bump::minor, "model settings changed");
  }
  static json::value settings(json::value config) {
    if (config.is_null()) return json::object();
    if (config.is_object())
      for (std::string_view member : {"provider", "model", "model_name", "model_id", "modelId"})
        config.get_object().erase(member);
    return json::parse(canonicalJson(config));
  }

  void partials() {
    for (const auto& [name, lock] : after_.partials) {
      const json::value* old = before_.partials.if_contains(name);
      if (!old)
        add(Bump::minor, fmt::format("the partial '{}' is new", std::string_view(name)));
      else if (*old != lock)
        add(Bump::minor,
            fmt::format("the partial '{}' was {} and is {}", std::string_view(name), versionIn(*old), versionIn(lock)));
    }
    for (const auto& [name, lock] : before_.partials)
      if (!after_.partials.contains(name))
        add(Bump::minor, fmt::format("the partial '{}' is no longer used", std::string_view(name)));
  }
  static std::string versionIn(const json::value& lock) {
    const json::value* version = lock.is_object() ? lock.get_object().if_contains("version") : nullptr;
    return version && version->is_string() ? std::string(version->get_string()) : "unknown";
  }

  /// The words, without white space and comments.
  void text() {
    if (before_.chat != after_.chat) return;
    std::string before = texts(before_), after = texts(after_);
    if (before == after) return;
    if (squeezed(before) == squeezed(after)) return add(Bump::patch, "only white space changed");
    auto bare = [](const std::string& text, TemplateFormat format) { return squeezed(withoutComments(text, format)); };
    if (before_.format == after_.format && bare(before, before_.format) == bare(after, after_.format))
      return add(Bump::patch, "only comments changed");
    add(Bump::minor, "the text changed");
  }
  static std::string texts(const Prompt& prompt) {
    std::string all;
    if (!prompt.chat) return prompt.text;
    for (const Message& message : prompt.messages) {
      all += message.content + "\n";
      if (!message.more.empty()) all += canonicalJson(message.more) + "\n";
    }
    return all;
  }

  void smallMembers() {
    if (before_.examples != after_.examples) add(Bump::minor, "the examples changed");
    if (before_.labels != after_.labels) add(Bump::patch, "the labels changed");
  }

  const Prompt &before_, &after_;
  BumpVerdict verdict_;
};

}  // namespace

std::string_view bumpName(Bump bump) { return bumpNames[static_cast<int>(bump)]; }

std::string BumpVerdict::inWords() const {
  std::string text;
  for (const BumpReason& reason : reasons)
    text += fmt::format("{}{} ({})", text.empty() ? "" : "; ", reason.what, bumpName(reason.bump));
  return text;
}

BumpVerdict bumpBetween(const Prompt& before, const Prompt& after) { return Verdict(before, after).judge(); }

}  // namespace regesta::prompt
