#include <filesystem>
#include <fstream>

#include "cli/commands.h"
#include "cli/pointer_move.h"
#include "cli/prompt_files.h"
#include "policy/engine.h"
#include "prompt/diff.h"
#include "prompt/render.h"

namespace regesta::cli {
namespace {

namespace fs = std::filesystem;

/// A stored version as a file says it.
prompt::PromptFile fileOf(Session& session, const std::string& name, const std::string& selector) {
  json::object version = session.api().get(route({"assets", "prompt", name, "versions", selector})).as_object();
  prompt::PromptFile file{
      .name = name, .semver = member(version, "semver"), .description = member(version, "description")};
  const json::value& content = version.at("content");
  file.prompt = prompt::parsePrompt(content.is_string() ? std::string(content.get_string()) : writeJson(content));
  if (const json::value* tags = version.if_contains("tags"); tags && tags->is_object())
    for (const auto& [key, value] : tags->get_object())
      file.tags.emplace(std::string(key), member(tags->get_object(), key));
  if (const json::value* aliases = version.if_contains("aliases"); aliases && aliases->is_array())
    for (const json::value& alias : aliases->get_array())
      if (alias.is_string()) file.aliases.emplace_back(alias.get_string());
  return file;
}

bool isFile(const std::string& text) { return fs::is_regular_file(text); }

// --- show ---

int show(Session& session) {
  Reference ref = session.reference("NAME", "prompt", Takes::version);
  std::string selector = ref.selector.empty() ? "latest" : ref.selector;
  json::value value = session.api().get(route({"prompts", ref.name, "versions", selector}));
  return session.show(value, [&](const json::object& version) {
    prompt::PromptFile file = fileOf(session, ref.name, selector);
    std::string aliases;
    for (const std::string& alias : file.aliases) aliases += (aliases.empty() ? "" : ", ") + alias;
    printFields({{"prompt", fmt::format("prompt/{}@{}", ref.name, member(version, "version"))},
                 {"semver", file.semver},
                 {"aliases", aliases},
                 {"digest", member(version, "digest")},
                 {"created", shortTime(member(version, "created_at"))},
                 {"created by", member(version, "created_by")}});
    file.aliases.clear();
    fmt::print("\n{}", printable(prompt::writePromptFile(file)));
  });
}

// --- diff ---

std::string runsText(const json::array& runs) {
  bool colours = isTerminal(stdout);
  std::string text;
  for (const json::value& value : runs) {
    std::string op = member(value.as_object(), "op"), words = printable(member(value.as_object(), "text"));
    if (op == "=")
      text += words;
    else if (op == "-")
      text += colours ? paint(words, Colour::red) : "[-" + words + "-]";
    else
      text += colours ? paint(words, Colour::green) : "{+" + words + "+}";
  }
  return text;
}

void printDiff(const json::object& diff) {
  for (const json::value& value : diff.at("texts").as_array()) {
    const json::object& text = value.as_object();
    std::string role = member(text, "role"), change = member(text, "change");
    if (change == "same" && diff.at("texts").as_array().size() > 1) continue;
    if (!role.empty()) fmt::print("{}\n", paint(fmt::format("{} ({})", role, change), Colour::dim));
    if (std::string words = runsText(text.at("runs").as_array()); !words.empty()) fmt::print("{}\n", words);
  }
  for (const json::value& value : diff.at("members").as_array()) {
    const json::object& one = value.as_object();
    fmt::print("{}: {} {} {}\n", member(one, "path"), one.contains("before") ? member(one, "before") : "(none)",
               paint("→", Colour::dim), one.contains("after") ? member(one, "after") : "(none)");
  }
  fmt::print("\n{}\n", paint(member(diff, "bump"), Colour::bold));
  for (const json::value& reason : diff.at("bump_reasons").as_array())
    fmt::print("  {}: {}\n", member(reason.as_object(), "bump"), printable(member(reason.as_object(), "what")));
}

json::object diffOf(const prompt::Prompt& before, const prompt::Prompt& after) {
  return prompt::diffJson(prompt::diffPrompts(before, after, before, after));
}

std::string selectorOf(const Reference& ref) { return ref.selector.empty() ? "latest" : ref.selector; }

/// What an operand says: a file, or a version on the server.
prompt::Prompt promptOf(Session& session, const std::string& what) {
  if (isFile(what)) return readPromptFile(what).file.prompt;
  Reference ref = parseReference(what, "prompt", Takes::version);
  return fileOf(session, ref.name, selectorOf(ref)).prompt;
}

json::object serverDiff(Session& session, const std::string& name, const std::string& from, const std::string& to) {
  return session.api().get(route({"prompts", name, "diff"}), {{"from", from}, {"to", to}}).as_object();
}

json::object diffOfTwo(Session& session, const std::string& first, const std::string& second) {
  if (session.args.has("from") || session.args.has("to"))
    throw UsageError("--from and --to belong to one NAME; with two operands, write NAME@VERSION");
  if (!isFile(first) && !isFile(second)) {
    Reference before = parseReference(first, "prompt", Takes::version);
    Reference after = parseReference(second, "prompt", Takes::version);
    if (before.name == after.name) return serverDiff(session, before.name, selectorOf(before), selectorOf(after));
  }
  return diffOf(promptOf(session, first), promptOf(session, second));
}

/// Two operands, each a file or a version; a file and the newest version of its prompt; or two versions of one prompt.
int diff(Session& session) {
  std::string first = session.args.text("WHAT"), second = session.args.text("OTHER");
  json::object answer;
  if (!second.empty()) {
    answer = diffOfTwo(session, first, second);
  } else if (isFile(first)) {
    LocalPrompt local = readPromptFile(first);
    answer =
        diffOf(fileOf(session, local.file.name, session.args.has("from") ? session.args.text("from") : "latest").prompt,
               local.file.prompt);
  } else {
    Reference ref = parseReference(first, "prompt", Takes::version);
    std::string to = session.args.has("to") ? session.args.text("to") : ref.selector;
    answer = serverDiff(session, ref.name, session.args.text("from"), to);
  }
  return session.show(answer, printDiff);
}

// --- render ---

json::object variablesOf(const Session& session) {
  json::object variables;
  if (session.args.has("vars")) {
    json::value value = parseJson(readInput(session.args.text("vars")));
    if (!value.is_object()) throw UsageError("--vars needs a file with a JSON object");
    variables = std::move(value.get_object());
  }
  for (const auto& [name, value] : session.args.pairs("var")) variables[name] = value;
  return variables;
}

void printRendered(const json::object& rendered) {
  if (const json::value* messages = rendered.if_contains("messages"); messages && messages->is_array()) {
    for (const json::value& message : messages->get_array())
      fmt::print("{}\n{}\n\n", paint(member(message.as_object(), "role") + ":", Colour::bold),
                 printable(member(message.as_object(), "content")));
  } else {
    fmt::print("{}\n", printable(member(rendered, "text")));
  }
}

/// The options that give the variables that are missing; empty if the error is another one.
std::string optionsFor(const Error& fault) {
  std::string options;
  if (fault.detail.empty()) return options;
  json::value detail = parseJson(fault.detail);
  const json::value* missing = detail.is_object() ? detail.get_object().if_contains("missing") : nullptr;
  if (!missing || !missing->is_array()) return options;
  for (const json::value& name : missing->get_array())
    if (name.is_string()) options += fmt::format(" --var {}=VALUE", std::string_view(name.get_string()));
  return options;
}

/// A file is rendered locally (Jinja2 in a worker, as on the server), a registered prompt by the server.
json::object renderedOf(Session& session) {
  std::string what = session.args.text("WHAT");
  json::object variables = variablesOf(session), rendered;
  if (isFile(what)) {
    prompt::Prompt prompt = readPromptFile(what).file.prompt;
    prompt::RenderedPrompt result;
    if (prompt.format == prompt::TemplateFormat::jinja2) {
      policy::Engine engine({.workers = 1});
      result = prompt::render(prompt, variables, engine);
    } else {
      result = prompt::render(prompt, variables);
    }
    if (prompt.chat)
      rendered["messages"] = std::move(result.messages);
    else
      rendered["text"] = result.text;
  } else {
    Reference ref = parseReference(what, "prompt", Takes::any);
    json::object body{{"variables", variables}};
    if (!ref.selector.empty()) body["version"] = ref.selector;
    if (std::string alias = session.args.has("alias") ? session.args.text("alias") : ref.pointer; !alias.empty())
      body["alias"] = alias;
    if (session.args.has("key")) body["key"] = session.args.text("key");
    rendered = session.api().post(route({"prompts", ref.name, "render"}), body).as_object();
  }
  return rendered;
}

int render(Session& session) {
  try {
    return session.show(renderedOf(session), printRendered);
  } catch (const Error& fault) {
    std::string options = optionsFor(fault);
    if (options.empty()) throw;
    throw Error(fault.code, fault.message + ": add" + options, fault.detail);
  }
}

// --- history and pull ---

int history(Session& session) {
  Reference ref = session.reference("NAME", "prompt");
  return session.list(
      route({"assets", "prompt", ref.name, "versions"}), {},
      {"VERSION", "SEMVER", "ALIASES", "CREATED", "BY", "COMMIT", "DESCRIPTION"},
      [](const json::object& item) -> std::vector<Cell> {
        const json::value* tags = item.if_contains("tags");
        std::string commit = tags && tags->is_object() ? member(tags->get_object(), "git.commit") : "";
        return {member(item, "version"),
                member(item, "semver"),
                {memberTexts(item, "aliases"), Colour::green},
                shortTime(member(item, "created_at")),
                member(item, "created_by"),
                commit.substr(0, 10),
                member(item, "description")};
      },
      fmt::format("prompt/{} has no versions yet", ref.name));
}

prompt::FileForm formOf(const Session& session) {
  std::string form = session.args.has("form") ? session.args.text("form") : "md";
  std::optional<prompt::FileForm> known = prompt::promptFileForm("x." + form);
  if (!known)
    throw UsageError(fmt::format("--form {} is unknown; there are md, prompt, prompty, txt, json and yaml", form));
  return *known;
}

/// Writes one version; true when the file says something else now.
bool pullOne(Session& session, const std::string& name, const std::string& selector, prompt::FileForm form) {
  prompt::PromptFile file = fileOf(session, name, selector);
  // Where a version came from and what points to it are the server's to say, and a second push must not say it again.
  std::erase_if(file.tags, [](const auto& tag) { return tag.first.starts_with("git."); });
  file.aliases.clear();
  std::string bytes = prompt::writePromptFile(file, form);
  fs::path path = fs::path(session.args.has("dir") ? session.args.text("dir") : ".") /
                  prompt::promptFilePath(name, file.semver, form);
  if (fs::is_regular_file(path) && readInput(path.string()) == bytes) return false;
  fs::create_directories(path.parent_path());
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << bytes;
  if (!out.flush()) throw error(Code::invalid, "cannot write {}", path.string());
  if (!session.json()) fmt::print("{}\n", path.string());
  return true;
}

int pull(Session& session) {
  prompt::FileForm form = formOf(session);
  std::vector<Reference> asked;
  for (const std::string& name : session.args.all("NAME"))
    asked.push_back(parseReference(name, "prompt", Takes::version));
  if (asked.empty())
    session.api().each(route({"assets"}), {{"kind", "prompt"}}, std::numeric_limits<std::size_t>::max(),
                       [&](const json::object& item) { asked.push_back({"prompt", member(item, "name"), "", ""}); });
  std::size_t written = 0, looked = 0;
  for (const Reference& ref : asked) {
    std::vector<std::string> selectors;
    if (!session.args.flag("all"))
      selectors = {ref.selector.empty() ? "latest" : ref.selector};
    else
      session.api().each(route({"assets", "prompt", ref.name, "versions"}), {}, std::numeric_limits<std::size_t>::max(),
                         [&](const json::object& item) { selectors.push_back(member(item, "version")); });
    for (const std::string& selector : selectors) ++looked, written += pullOne(session, ref.name, selector, form);
  }
  return session.said(json::object{{"written", written}, {"unchanged", looked - written}},
                      fmt::format("{} files written, {} unchanged", written, looked - written));
}

}  // namespace

Commands promptInspectCommands() {
  return {
      {.path = "prompt show",
       .summary = "print a version of a prompt in the form of a file",
       .operands = {{"NAME", "NAME, NAME@VERSION or NAME#ALIAS; without either, the newest"}},
       .examples = {"regesta prompt show greeting", "regesta prompt show greeting@^1.2"},
       .run = show},
      {.path = "prompt history",
       .summary = "list a prompt's versions, newest first, with their commits",
       .operands = {{"NAME", "the prompt's name"}},
       .options = {{"limit", "N", "maximum number of results"}},
       .examples = {"regesta prompt history greeting"},
       .run = history},
      {.path = "prompt diff",
       .summary = "show the differences of two versions and their effect on callers",
       .operands = {{"WHAT", "NAME, NAME@VERSION, NAME#ALIAS, or a file"},
                    {"OTHER", "another one to compare with", false}},
       .options = {{"from", "VERSION", "version selector (default: the previous version)"},
                   {"to", "VERSION", "version selector (default: the newest)"}},
       .examples = {"regesta prompt diff greeting --from production --to latest",
                    "regesta prompt diff greeting@1.1.0 greeting@1.2.0",
                    "regesta prompt diff prompts/greeting/v1.2.0.md", "regesta prompt diff old.md new.md"},
       .run = diff,
       .more = "A single file is compared with the newest version of its prompt on the server."},
      {.path = "prompt render",
       .summary = "render a prompt with variables",
       .operands = {{"WHAT", "NAME, NAME@VERSION, NAME#ALIAS, or a file"}},
       .options = {{"var", "NAME=TEXT", "a variable", 'v', false, true},
                   {"vars", "FILE", "variables from a JSON object, - for stdin"},
                   {"alias", "ALIAS", "the alias to resolve (default production)"},
                   {"key", "TEXT", "the caller's targeting key, for rollouts"}},
       .examples = {"regesta prompt render greeting --var name=Eva",
                    "regesta prompt render prompts/greeting/v1.2.0.md --vars vars.json"},
       .run = render},
      {.path = "prompt pull",
       .summary = "write prompts to files",
       .operands = {{"NAME", "NAME, NAME@VERSION or NAME#ALIAS; none: all prompts", false, true}},
       .options = {{"dir", "DIR", "the folder for prompts/ (default: the current one)"},
                   {"form", "FORM", "md (default), prompt, prompty, txt, json or yaml"},
                   {"all", "", "every version, not only the newest"}},
       .examples = {"regesta prompt pull", "regesta prompt pull greeting --all --dir repo"},
       .run = pull},
  };
}

}  // namespace regesta::cli
