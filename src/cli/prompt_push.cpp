#include <algorithm>

#include "cli/commands.h"
#include "cli/pointer_move.h"
#include "cli/prompt_files.h"
#include "cli/refusal.h"

namespace regesta::cli {
namespace {

/// The file as it is pushed: with what Git says about it, and a message from the command line.
LocalPrompt withOrigin(const Session& session, LocalPrompt local) {
  if (session.args.has("description")) local.file.description = session.args.text("description");
  if (session.args.flag("no-git")) return local;
  for (auto& [key, value] : gitProvenance(local.path)) local.file.tags.insert_or_assign(key, value);
  for (const GtoTag& tag : gtoTags(local.path)) {
    if (tag.name != local.file.name) continue;
    if (!tag.alias.empty())
      local.file.aliases.push_back(tag.alias);
    else if (local.file.semver.empty())
      local.file.semver = tag.semver;
  }
  return local;
}

std::vector<LocalPrompt> given(Session& session) {
  std::vector<LocalPrompt> prompts = readPromptFiles(session.args.all("PATH"));
  for (LocalPrompt& local : prompts) local = withOrigin(session, std::move(local));
  return prompts;
}

/// What became of one file.
struct Outcome {
  json::object answer;
  Exit exit = Exit::done;
};

/// The aliases the file asks for. A refusal of the gate is told, and the push goes on.
Exit moveAliases(Session& session, const LocalPrompt& local, const json::object& made, json::array& moved) {
  Exit exit = Exit::done;
  Reference ref{"prompt", local.file.name, "", ""};
  for (const std::string& alias : local.file.aliases) {
    try {
      json::object outcome = moveAlias(session, ref, alias, member(made, "version"));
      moved.push_back(json::object{{"alias", alias}, {"outcome", std::move(outcome)}});
      if (!session.json()) fmt::print("{}\n", moveText(ref, alias, moved.back().at("outcome").as_object()));
    } catch (const Error& fault) {
      if (fault.code != Code::refused && fault.code != Code::denied) throw;
      exit = Exit::refused;
      moved.push_back(json::object{{"alias", alias}, {"refused", fault.message}});
      if (session.json()) continue;
      json::value detail = fault.detail.empty() ? json::value(json::object()) : parseJson(fault.detail);
      explainRefusal(fault.message, detail.as_object());
    }
  }
  return exit;
}

Outcome pushOne(Session& session, const LocalPrompt& local) {
  Outcome outcome;
  try {
    json::object made =
        session.api().post(route({"prompts", local.file.name, "versions"}), promptBody(local.file)).as_object();
    bool fresh = member(made, "created") == "true";
    outcome.answer = {{"file", local.path},
                      {"name", local.file.name},
                      {"version", made.at("version")},
                      {"semver", member(made, "semver")},
                      {"created", fresh},
                      {"bump", member(made, "bump")}};
    if (!session.json())
      fmt::print("{}: {} prompt/{}@{} ({}){}\n", local.path, fresh ? "stored" : "unchanged", local.file.name,
                 member(made, "version"), member(made, "semver"), bumpText(made));
    json::array moved;
    outcome.exit = moveAliases(session, local, made, moved);
    if (!moved.empty()) outcome.answer["aliases"] = std::move(moved);
  } catch (const Error& fault) {
    if (fault.code == Code::unavailable || fault.code == Code::unauthenticated) throw;
    outcome.exit = fault.code == Code::denied || fault.code == Code::refused ? Exit::refused : Exit::failed;
    outcome.answer = {{"file", local.path}, {"name", local.file.name}, {"error", fault.message}};
    if (!session.json()) fmt::print(stderr, "{}: {}\n", local.path, printable(fault.message));
  }
  return outcome;
}

int push(Session& session) {
  Exit exit = Exit::done;
  json::array items;
  for (const LocalPrompt& local : given(session)) {
    Outcome outcome = pushOne(session, local);
    if (exit == Exit::done) exit = outcome.exit;
    items.emplace_back(std::move(outcome.answer));
  }
  if (session.json()) printJson(json::object{{"items", std::move(items)}});
  return exit;
}

Colour bumpColour(const std::string& bump) {
  return bump == "major" ? Colour::red : bump == "minor" ? Colour::yellow : Colour::green;
}

void printPlan(const LocalPrompt& local, const json::object& plan) {
  std::string bump = member(plan, "bump"), refused = member(plan, "refused");
  if (!refused.empty())
    fmt::print("{} prompt/{}: {}\n", paint("refused", Colour::red), local.file.name, printable(refused));
  else if (member(plan, "created") != "true")
    fmt::print("{} prompt/{}: version {} says this already\n", paint("unchanged", Colour::dim), local.file.name,
               member(plan, "version"));
  else
    fmt::print("{} prompt/{} {}\n", paint(bump == "none" ? "new" : bump, bumpColour(bump)), local.file.name,
               member(plan, "semver"));
  for (const json::value& reason : plan.at("bump_reasons").as_array())
    fmt::print("  {}: {}\n", member(reason.as_object(), "bump"), printable(member(reason.as_object(), "what")));
}

/// Nothing is stored. Exit code 1 when something would be refused: errors, or a breaking change without a major.
int plan(Session& session) {
  bool refused = false, breaking = false;
  json::array items;
  for (const LocalPrompt& local : given(session)) {
    json::object plan;
    try {
      plan = session.api().post(route({"prompts", local.file.name, "plan"}), promptBody(local.file)).as_object();
    } catch (const Error& fault) {
      if (fault.code != Code::invalid) throw;
      plan = {{"name", local.file.name},
              {"created", false},
              {"bump", "none"},
              {"bump_reasons", json::array()},
              {"refused", fault.message}};
    }
    plan["file"] = local.path;
    refused |= plan.contains("refused");
    breaking |= member(plan, "breaking") == "true";
    if (!session.json()) printPlan(local, plan);
    items.emplace_back(std::move(plan));
  }
  if (session.json())
    printJson(json::object{{"items", std::move(items)}, {"refused", refused}, {"breaking", breaking}});
  return refused ? Exit::failed : Exit::done;
}

}  // namespace

std::string bumpText(const json::object& made) {
  std::string bump = member(made, "bump");
  return member(made, "created") == "true" && bump != "none" ? ", " + bump : "";
}

Commands promptPushCommands() {
  Operand path = {"PATH", "prompt files, or folders of them", true, true};
  Option noGit = {"no-git", "", "takes no commit, author and tags from Git"};
  Option message = {"description", "TEXT", "what changed, for all of them", 'm'};
  return {
      {.path = "prompt push",
       .summary = "store prompts from files, as new versions where they say something new",
       .operands = {path},
       .options = {message, noGit},
       .examples = {"regesta prompt push prompts/", "regesta prompt push prompts/greeting/v1.2.0.md -m \"shorter\""},
       .run = push,
       .more =
           "Files are prompts/NAME/vX.Y.Z.md, .prompt (Dotprompt), .prompty, .txt, .j2, .json or .yaml; "
           "docs/prompts.md "
           "describes them. In a Git work tree the commit, its author and signature are kept as tags git.*, and GTO "
           "tags NAME@vX.Y.Z and NAME#ALIAS on the current commit give the SemVer and aliases."},
      {.path = "prompt plan",
       .summary = "say what a push would do, and fail when it would be refused",
       .operands = {path},
       .options = {message, noGit},
       .examples = {"regesta prompt plan prompts/", "regesta prompt plan prompts/ --json"},
       .run = plan,
       .more = "Exit code 1 when a prompt has errors, or a file asks for a SemVer below what its change needs."},
  };
}

}  // namespace regesta::cli
