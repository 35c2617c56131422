#include <algorithm>

#include "cli/commands.h"
#include "cli/lint_report.h"
#include "cli/pointer_move.h"
#include "cli/prompt_files.h"
#include "cli/refusal.h"

namespace regesta::cli {
namespace {

/// The pushed file, with its Git data and a message from the command line.
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

/// The outcome for one file.
struct Outcome {
  json::object answer;
  Exit exit = Exit::done;
};

/// Moves the file's aliases. Prints a refusal of the gate and continues.
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

/// The aliases that the file asks for, and where they point now: a push would move those that point elsewhere.
json::array aliasMoves(Session& session, const LocalPrompt& local, const json::object& plan) {
  json::array moves;
  if (local.file.aliases.empty()) return moves;
  std::map<std::string, json::object> now;
  try {
    session.api().each(route({"assets", "prompt", local.file.name, "aliases"}), {}, 10'000,
                       [&](const json::object& item) { now[member(item, "name")] = item; });
  } catch (const Error& fault) {
    if (fault.code != Code::notFound) throw;  // the prompt is new
  }
  for (const std::string& alias : local.file.aliases) {
    const json::object& at = now[alias];
    bool stands = member(plan, "created") != "true" && member(plan, "version") == member(at, "version");
    if (stands) continue;
    moves.push_back(json::object{{"alias", alias},
                                 {"from", at.empty() ? json::value(0) : at.at("version")},
                                 {"from_semver", member(at, "semver")},
                                 {"protected", member(at, "protected") == "true"}});
  }
  return moves;
}

void printPlan(const LintedFile& linted, const json::object& plan) {
  std::string bump = member(plan, "bump"), refused = member(plan, "refused"), name = member(plan, "name");
  if (!refused.empty())
    fmt::print("{} {}: {}\n", paint("refused", Colour::red), name.empty() ? linted.path : "prompt/" + name,
               printable(refused));
  else if (member(plan, "created") != "true")
    fmt::print("{} prompt/{}: version {} already has this content\n", paint("unchanged", Colour::dim), name,
               member(plan, "version"));
  else
    fmt::print("{} prompt/{} {}\n", paint(bump == "none" ? "new" : bump, bumpColour(bump)), name,
               member(plan, "semver"));
  for (const json::value& reason : plan.at("bump_reasons").as_array())
    fmt::print("  {}: {}\n", member(reason.as_object(), "bump"), printable(member(reason.as_object(), "what")));
  for (const json::value& value : plan.at("aliases").as_array()) {
    const json::object& move = value.as_object();
    std::string from = versionText(member(move, "from"), member(move, "from_semver"));
    fmt::print("  alias {} would move here{}{}\n", member(move, "alias"), from.empty() ? "" : " from " + from,
               member(move, "protected") == "true" ? ", through its gate" : "");
  }
  printProblems(linted);
}

struct PlannedFile {
  LintedFile linted;
  std::optional<LocalPrompt> local;
};

/// In the order of a push; what cannot be read comes first.
std::vector<PlannedFile> filesToPlan(Session& session) {
  std::vector<PlannedFile> files;
  for (const std::string& path : promptPaths(session.args.all("PATH"))) {
    PlannedFile file{lintFile(path, {}), std::nullopt};
    if (file.linted.readable) file.local = withOrigin(session, readPromptFile(path));
    files.push_back(std::move(file));
  }
  std::ranges::stable_sort(files, [](const PlannedFile& a, const PlannedFile& b) {
    return a.local && b.local ? isBefore(*a.local, *b.local) : !a.local && b.local;
  });
  return files;
}

json::object planOf(Session& session, const LocalPrompt& local) {
  try {
    return session.api().post(route({"prompts", local.file.name, "plan"}), promptBody(local.file)).as_object();
  } catch (const Error& fault) {
    if (fault.code != Code::invalid && fault.code != Code::denied) throw;
    return {{"name", local.file.name},
            {"created", false},
            {"bump", "none"},
            {"bump_reasons", json::array()},
            {"refused", fault.message}};
  }
}

/// Nothing is stored. Exit code 1 when something would be refused: errors, or a breaking change without a major. What
/// `prompt lint` finds in a file is found here, too.
int plan(Session& session) {
  bool refused = false, breaking = false;
  json::array items;
  for (const PlannedFile& file : filesToPlan(session)) {
    const LintedFile& linted = file.linted;
    bool faulty = std::ranges::any_of(
        linted.problems, [](const FileProblem& one) { return one.problem.severity == prompt::Severity::error; });
    json::object plan{{"name", linted.name}, {"created", false}, {"bump", "none"}, {"bump_reasons", json::array()}};
    json::array moves;
    if (file.local) {
      plan = planOf(session, *file.local);
      moves = aliasMoves(session, *file.local, plan);
    }
    if (faulty && !plan.contains("refused")) plan["refused"] = "the file has errors";
    plan["file"] = linted.path;
    plan["aliases"] = std::move(moves);
    refused |= plan.contains("refused");
    breaking |= member(plan, "breaking") == "true";
    if (!session.json()) printPlan(linted, plan);
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
  Option noGit = {"no-git", "", "ignore Git: no commit, author and tags"};
  Option message = {"description", "TEXT", "description of the change, for all versions", 'm'};
  return {
      {.path = "prompt push",
       .summary = "register prompts from files; changed files become new versions",
       .operands = {path},
       .options = {message, noGit},
       .examples = {"regesta prompt push prompts/", "regesta prompt push prompts/greeting/v1.2.0.md -m \"shorter\""},
       .run = push,
       .more =
           "Files are prompts/NAME/vX.Y.Z.md, .prompt (Dotprompt), .prompty, .txt, .j2, .json or .yaml; "
           "docs/prompts.md "
           "describes them. In a Git work tree the commit, its author and signature are stored as tags git.*, and GTO "
           "tags NAME@vX.Y.Z and NAME#ALIAS on the current commit give the SemVer and aliases."},
      {.path = "prompt plan",
       .summary = "preview a push; fail if it would be refused",
       .operands = {path},
       .options = {message, noGit},
       .examples = {"regesta prompt plan prompts/", "regesta prompt plan prompts/ --json"},
       .run = plan,
       .more = "Exit code 1 if a file has `prompt lint` errors, or a SemVer below what its\n"
               "change requires. Lists the aliases that a push would move."},
  };
}

}  // namespace regesta::cli
