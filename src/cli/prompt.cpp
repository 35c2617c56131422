#include "cli/commands.h"
#include "cli/pointer_move.h"
#include "cli/prompt_files.h"

namespace regesta::cli {
namespace {

int create(Session& session) {
  const Arguments& args = session.args;
  Reference ref = session.reference("NAME", "prompt");
  int texts = args.has("messages") + args.has("file") + args.has("template");
  if (texts > 1) throw UsageError("give one of --template, --file and --messages, not several");
  json::object body;
  if (args.has("messages")) {
    body["messages"] = parseJson(readInput(args.text("messages")));
  } else {
    if (!args.has("file") && !args.has("template"))
      throw UsageError("give the prompt's text with --template TEXT, --file FILE or --messages FILE");
    body["template"] = args.has("template") ? args.text("template") : readInput(args.text("file"));
  }
  if (args.has("semver")) body["semver"] = args.text("semver");
  if (args.has("description")) body["description"] = args.text("description");
  json::object tags;
  for (const auto& [key, value] : args.pairs("tag")) tags[key] = value;
  if (!tags.empty()) body["tags"] = std::move(tags);
  json::object made = session.api().post(route({"prompts", ref.name, "versions"}), body).as_object();
  bool fresh = member(made, "created") == "true";
  return session.said(made, fmt::format("{} prompt/{}@{} ({}){}", fresh ? "created" : "unchanged:", ref.name,
                                        member(made, "version"), member(made, "semver"), bumpText(made)));
}

int resolve(Session& session) {
  Reference ref = session.reference("NAME", "prompt", Takes::alias);
  std::string alias = aliasOf(session, ref, "alias");
  std::string path = route({"prompts", ref.name, "resolve"});
  json::value value = session.api().get(path, {{"alias", alias}, {"key", session.args.text("key")}});
  return session.show(value, [](const json::object& object) {
    printFields(
        {{"version", member(object, "version")}, {"semver", member(object, "semver")}, {"why", member(object, "why")}});
    std::string text = member(object, "template");
    fmt::print("\n{}\n", printable(text.empty() ? member(object, "messages") : text));
  });
}

}  // namespace

Commands promptCommands() {
  Operand name = {"NAME", "the prompt's name"};
  return {
      {.path = "prompt create",
       .summary = "create a version of a prompt, and the prompt if it does not exist",
       .operands = {name},
       .options = {{"template", "TEXT", "the text, with {{variables}}"},
                   {"file", "FILE", "the text from a file, - for stdin", 'f'},
                   {"messages", "FILE", "a chat prompt: JSON array of {role, content}"},
                   {"semver", "X.Y.Z", "its SemVer"},
                   {"description", "TEXT", "what changed", 'm'},
                   {"tag", "KEY=VALUE", "a tag", 't', false, true}},
       .examples = {"regesta prompt create loan-summary --file summary.txt -m \"shorter\"",
                    "regesta prompt create greeting --template 'Hello {{name}}'"},
       .run = create},
      {.path = "prompt resolve",
       .summary = "print the version that a caller gets, with the reason",
       .operands = {name},
       .options = {{"alias", "ALIAS", "the alias to resolve (default production)"},
                   {"key", "TEXT", "the caller's targeting key, for rollouts"}},
       .examples = {"regesta prompt resolve loan-summary", "regesta prompt resolve loan-summary --key user-17 --json"},
       .run = resolve},
  };
}

}  // namespace regesta::cli
