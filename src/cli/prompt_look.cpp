#include <filesystem>
#include <fstream>

#include "cli/commands.h"
#include "cli/pointer_move.h"
#include "cli/prompt_files.h"
#include "delivery/diff.h"
#include "delivery/render.h"
#include "policy/engine.h"

namespace regesta::cli {
namespace {

namespace fs = std::filesystem;

/// A stored version as a file says it.
delivery::PromptFile fileOf(Session& session, const std::string& name, const std::string& selector) {
  json::object version = session.api().get(route({"assets", "prompt", name, "versions", selector})).as_object();
  delivery::PromptFile file{
      .name = name, .semver = member(version, "semver"), .description = member(version, "description")};
  const json::value& content = version.at("content");
  file.prompt = delivery::parsePrompt(content.is_string() ? std::string(content.get_string()) : writeJson(content));
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
  Reference ref = session.reference("NAME", "prompt");
  std::string selector = !ref.selector.empty() ? ref.selector : !ref.pointer.empty() ? ref.pointer : "latest";
  json::value value = session.api().get(route({"prompts", ref.name, "versions", selector}));
  return session.show(value, [&](const json::object& version) {
    delivery::PromptFile file = fileOf(session, ref.name, selector);
    std::string aliases;
    for (const std::string& alias : file.aliases) aliases += (aliases.empty() ? "" : ", ") + alias;
    printFields({{"prompt", fmt::format("prompt/{}@{}", ref.name, member(version, "version"))},
                 {"semver", file.semver},
                 {"aliases", aliases},
                 {"digest", member(version, "digest")},
                 {"created", shortTime(member(version, "created_at"))},
                 {"created by", member(version, "created_by")}});
    file.aliases.clear();
    fmt::print("\n{}", printable(delivery::writePromptFile(file)));
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

json::object diffOf(const delivery::Prompt& before, const delivery::Prompt& after) {
  return delivery::diffJson(delivery::diffPrompts(before, after, before, after));
}

/// Two files; a file and the newest version of its prompt; or two versions on the server.
int diff(Session& session) {
  std::string first = session.args.text("WHAT"), second = session.args.text("OTHER");
  json::object answer;
  if (isFile(first)) {
    LocalPrompt local = readPromptFile(first);
    if (!second.empty())
      answer = diffOf(local.file.prompt, readPromptFile(second).file.prompt);
    else
      answer = diffOf(
          fileOf(session, local.file.name, session.args.has("from") ? session.args.text("from") : "latest").prompt,
          local.file.prompt);
  } else {
    Reference ref = parseReference(first, "prompt");
    std::string to = session.args.has("to") ? session.args.text("to") : ref.selector;
    answer = session.api()
                 .get(route({"prompts", ref.name, "diff"}), {{"from", session.args.text("from")}, {"to", to}})
                 .as_object();
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

/// A file is rendered here, Jinja2 in a worker as on the server; a name on the server.
int render(Session& session) {
  std::string what = session.args.text("WHAT");
  json::object variables = variablesOf(session), rendered;
  if (isFile(what)) {
    delivery::Prompt prompt = readPromptFile(what).file.prompt;
    delivery::RenderedPrompt result;
    if (prompt.format == delivery::TemplateFormat::jinja2) {
      policy::Engine engine({.workers = 1});
      result = delivery::render(prompt, variables, engine);
    } else {
      result = delivery::render(prompt, variables);
    }
    if (prompt.chat)
      rendered["messages"] = std::move(result.messages);
    else
      rendered["text"] = result.text;
  } else {
    Reference ref = parseReference(what, "prompt");
    json::object body{{"variables", variables}};
    if (!ref.selector.empty()) body["version"] = ref.selector;
    if (std::string alias = session.args.has("alias") ? session.args.text("alias") : ref.pointer; !alias.empty())
      body["alias"] = alias;
    if (session.args.has("key")) body["key"] = session.args.text("key");
    rendered = session.api().post(route({"prompts", ref.name, "render"}), body).as_object();
  }
  return session.show(rendered, printRendered);
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
        std::string aliases;
        if (const json::value* list = item.if_contains("aliases"); list && list->is_array())
          for (const json::value& alias : list->get_array())
            if (alias.is_string()) aliases += (aliases.empty() ? "" : ", ") + std::string(alias.get_string());
        return {member(item, "version"),    member(item, "semver"),
                {aliases, Colour::green},   shortTime(member(item, "created_at")),
                member(item, "created_by"), commit.substr(0, 10),
                member(item, "description")};
      },
      fmt::format("prompt/{} has no versions yet", ref.name));
}

delivery::FileForm formOf(const Session& session) {
  std::string form = session.args.has("form") ? session.args.text("form") : "md";
  std::optional<delivery::FileForm> known = delivery::promptFileForm("x." + form);
  if (!known)
    throw UsageError(fmt::format("--form {} is unknown; there are md, prompt, prompty, txt, json and yaml", form));
  return *known;
}

/// Writes one version; true when the file says something else now.
bool pullOne(Session& session, const std::string& name, const std::string& selector, delivery::FileForm form) {
  delivery::PromptFile file = fileOf(session, name, selector);
  // Where a version came from and what points to it are the server's to say, and a second push must not say it again.
  std::erase_if(file.tags, [](const auto& tag) { return tag.first.starts_with("git."); });
  file.aliases.clear();
  std::string bytes = delivery::writePromptFile(file, form);
  fs::path path = fs::path(session.args.has("dir") ? session.args.text("dir") : ".") /
                  delivery::promptFilePath(name, file.semver, form);
  if (fs::is_regular_file(path) && readInput(path.string()) == bytes) return false;
  fs::create_directories(path.parent_path());
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << bytes;
  if (!out.flush()) throw error(Code::invalid, "cannot write {}", path.string());
  if (!session.json()) fmt::print("{}\n", path.string());
  return true;
}

int pull(Session& session) {
  delivery::FileForm form = formOf(session);
  std::vector<Reference> asked;
  for (const std::string& name : session.args.all("NAME")) asked.push_back(parseReference(name, "prompt"));
  if (asked.empty())
    session.api().each(route({"assets"}), {{"kind", "prompt"}}, std::numeric_limits<std::size_t>::max(),
                       [&](const json::object& item) { asked.push_back({"prompt", member(item, "name"), "", ""}); });
  std::size_t written = 0, looked = 0;
  for (const Reference& ref : asked) {
    std::vector<std::string> selectors;
    if (!session.args.flag("all"))
      selectors = {!ref.selector.empty() ? ref.selector : !ref.pointer.empty() ? ref.pointer : "latest"};
    else
      session.api().each(route({"assets", "prompt", ref.name, "versions"}), {}, std::numeric_limits<std::size_t>::max(),
                         [&](const json::object& item) { selectors.push_back(member(item, "version")); });
    for (const std::string& selector : selectors) ++looked, written += pullOne(session, ref.name, selector, form);
  }
  return session.said(json::object{{"written", written}, {"unchanged", looked - written}},
                      fmt::format("{} files written, {} unchanged", written, looked - written));
}

}  // namespace

Commands promptLookCommands() {
  return {
      {.path = "prompt show",
       .summary = "print a version of a prompt as its file says it",
       .operands = {{"NAME", "NAME, NAME@VERSION or NAME#ALIAS; without either, the newest"}},
       .examples = {"regesta prompt show greeting", "regesta prompt show greeting@^1.2"},
       .run = show},
      {.path = "prompt history",
       .summary = "list a prompt's versions, newest first, with their commits",
       .operands = {{"NAME", "the prompt's name"}},
       .options = {{"limit", "N", "at most so many"}},
       .examples = {"regesta prompt history greeting"},
       .run = history},
      {.path = "prompt diff",
       .summary = "show what differs between two versions, and what it means for callers",
       .operands = {{"WHAT", "NAME, NAME@VERSION, or a file"}, {"OTHER", "another file", false}},
       .options = {{"from", "VERSION", "any selector (default: the version before)"},
                   {"to", "VERSION", "any selector (default: the newest)"}},
       .examples = {"regesta prompt diff greeting --from production --to latest",
                    "regesta prompt diff prompts/greeting/v1.2.0.md", "regesta prompt diff old.md new.md"},
       .run = diff,
       .more = "A file alone is compared with the newest version of its prompt on the server."},
      {.path = "prompt render",
       .summary = "put variables into a prompt",
       .operands = {{"WHAT", "NAME, NAME@VERSION, NAME#ALIAS, or a file"}},
       .options = {{"var", "NAME=TEXT", "a variable", 'v', false, true},
                   {"vars", "FILE", "variables from a JSON object, - for stdin"},
                   {"alias", "ALIAS", "the pointer to follow (default production)"},
                   {"key", "TEXT", "who asks, for rollouts"}},
       .examples = {"regesta prompt render greeting --var name=Eva",
                    "regesta prompt render prompts/greeting/v1.2.0.md --vars vars.json"},
       .run = render},
      {.path = "prompt pull",
       .summary = "write prompts into files",
       .operands = {{"NAME", "NAME, NAME@VERSION or NAME#ALIAS; none: all prompts", false, true}},
       .options = {{"dir", "DIR", "the folder that gets prompts/ (default: this one)"},
                   {"form", "FORM", "md (default), prompt, prompty, txt, json or yaml"},
                   {"all", "", "every version, not only the newest"}},
       .examples = {"regesta prompt pull", "regesta prompt pull greeting --all --dir repo"},
       .run = pull},
  };
}

}  // namespace regesta::cli
