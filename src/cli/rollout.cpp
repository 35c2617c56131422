#include "base/text.h"
#include "cli/commands.h"
#include "cli/session.h"

namespace regesta::cli {
namespace {

std::int64_t seconds(std::string_view text) {
  std::int64_t unit = 1;
  switch (text.empty() ? ' ' : text.back()) {
    case 'd':
      unit = 86'400;
      break;
    case 'h':
      unit = 3600;
      break;
    case 'm':
      unit = 60;
      break;
    case 's':
      break;
    default:
      throw UsageError(fmt::format("a bake time is a number with s, m, h or d, such as 30m, not '{}'", text));
  }
  auto number = parseInteger(text.substr(0, text.size() - 1));
  if (!number || *number < 0 || *number > 366 * 86'400)
    throw UsageError(fmt::format("a bake time is a number with s, m, h or d, such as 30m, not '{}'", text));
  return *number * unit;
}

json::value weight(std::string_view text) {
  if (text.ends_with('%')) text.remove_suffix(1);
  boost::system::error_code failed;
  json::value number = json::parse(text, failed);
  if (failed || !number.is_number()) throw UsageError(fmt::format("'{}' is not a percentage", text));
  return number;
}

/// "10:1h,50:1h,100" as the API has it.
json::array steps(std::string_view text) {
  json::array list;
  for (std::string_view part : split(text, ',')) {
    std::size_t colon = part.find(':');
    json::object step{{"weight", weight(trim(part.substr(0, colon)))}};
    if (colon != std::string_view::npos) step["bake_seconds"] = seconds(trim(part.substr(colon + 1)));
    list.push_back(std::move(step));
  }
  return list;
}

/// "latency_ms,direction=lower,max=5000" as the API has it.
json::object guard(std::string_view text) {
  json::object made;
  for (std::string_view part : split(text, ',')) {
    std::size_t equals = part.find('=');
    if (made.empty()) {
      made["metric"] = trim(part);
      continue;
    }
    if (equals == std::string_view::npos)
      throw UsageError(fmt::format("a guard is METRIC,NAME=VALUE,…; '{}' has no value", part));
    std::string_view value = trim(part.substr(equals + 1));
    boost::system::error_code failed;
    json::value read = json::parse(value, failed);
    made[trim(part.substr(0, equals))] = failed ? json::value(value) : std::move(read);
  }
  return made;
}

std::string armsText(const json::object& rollout) {
  std::string text;
  const json::value* arms = rollout.if_contains("arms");
  if (!arms || !arms->is_array()) return text;
  for (const json::value& arm : arms->get_array())
    if (arm.is_object())
      text += fmt::format("{}{} ({})", text.empty() ? "" : ", ", member(arm.get_object(), "version"),
                          member(arm.get_object(), "name"));
  return text;
}

std::string stepText(const json::object& rollout) {
  const json::value* steps = rollout.if_contains("steps");
  std::size_t count = steps && steps->is_array() ? steps->get_array().size() : 0;
  auto step = parseInteger(member(rollout, "step"));
  return fmt::format("{} of {}", step.value_or(0) + 1, count);
}

std::string said(const json::object& rollout) {
  std::string status = member(rollout, "status"), forced = member(rollout, "forced"), serves;
  if (status == "stopped" || status == "rolled-back") serves = member(rollout, "stable");
  if (!forced.empty()) serves = forced;
  if (!serves.empty())
    return fmt::format("rollout {} of prompt/{}#{}: {}; everybody gets version {}", member(rollout, "id"),
                       member(rollout, "prompt"), member(rollout, "alias"), status, serves);
  return fmt::format("rollout {} of prompt/{}#{}: {}, version {} next to {} at {} %", member(rollout, "id"),
                     member(rollout, "prompt"), member(rollout, "alias"), member(rollout, "status"), armsText(rollout),
                     member(rollout, "stable"), memberReal(rollout, "share", 2));
}

/// A guard on a mistyped metric guards nothing. Nothing at all reported yet is the usual beginning, and no sign of
/// that.
void warnOfUnknownMetrics(Session& session, const json::object& rollout) {
  const json::value* guards = rollout.if_contains("guards");
  if (session.json() || !guards || !guards->is_array()) return;
  std::set<std::string> reported;
  session.api().each(route({"prompts", member(rollout, "prompt"), "quality"}), {{"since", "1970-01-01T00:00:00Z"}},
                     1000, [&](const json::object& item) { reported.insert(member(item, "metric")); });
  if (reported.empty()) return;
  for (const json::value& guard : guards->get_array())
    if (std::string metric = member(guard.as_object(), "metric"); !reported.contains(metric))
      fmt::print(stderr, "{} nobody has ever reported '{}' about this prompt; reported: {}\n",
                 paint("warning:", Colour::yellow, stderr), printable(metric),
                 printable(fmt::format("{}", fmt::join(reported, ", "))));
}

int start(Session& session) {
  const Arguments& args = session.args;
  Reference ref = session.reference("NAME", "prompt", Takes::alias);
  if (!args.has("VERSION") && !args.has("plan")) throw UsageError("give a VERSION, or --plan FILE");
  json::object body;
  if (args.has("plan")) body = parseJson(readInput(args.text("plan"))).as_object();
  if (args.has("VERSION")) body["version"] = args.text("VERSION");
  if (args.has("alias") || !ref.pointer.empty()) body["alias"] = args.has("alias") ? args.text("alias") : ref.pointer;
  if (args.has("steps")) body["steps"] = steps(args.text("steps"));
  if (args.has("holdback")) body["holdback"] = weight(args.text("holdback"));
  if (args.has("reason")) body["reason"] = args.text("reason");
  json::array guards;
  for (const std::string& text : args.all("guard")) guards.push_back(guard(text));
  if (!guards.empty()) body["guards"] = std::move(guards);
  json::value made = session.api().post(route({"prompts", ref.name, "rollouts"}), body);
  warnOfUnknownMetrics(session, made.as_object());
  return session.said(made, said(made.as_object()));
}

int list(Session& session) {
  Reference ref = session.reference("NAME", "prompt");
  return session.list(
      route({"prompts", ref.name, "rollouts"}), {{"alias", session.args.text("alias")}},
      {"ID", "ALIAS", "STATUS", "STABLE", "CANDIDATE", "SHARE", "STEP", "STARTED", "BY"},
      [](const json::object& item) -> std::vector<Cell> {
        return {member(item, "id"),
                {member(item, "alias"), Colour::green},
                member(item, "status"),
                member(item, "stable"),
                armsText(item),
                memberReal(item, "share", 2) + " %",
                stepText(item),
                shortTime(member(item, "started_at")),
                member(item, "started_by")};
      },
      fmt::format("prompt/{} has had no rollouts", ref.name));
}

std::string path(Session& session, std::string_view action) {
  Reference ref = session.reference("NAME", "prompt");
  std::string base = route({"prompts", ref.name, "rollouts", session.args.text("ID")});
  return action.empty() ? base : fmt::format("{}/{}", base, action);
}

int show(Session& session) {
  json::value value = session.api().get(path(session, ""));
  return session.show(value, [](const json::object& rollout) {
    printFields(
        {{"rollout", member(rollout, "id")},
         {"alias", fmt::format("prompt/{}#{}", member(rollout, "prompt"), member(rollout, "alias"))},
         {"status", member(rollout, "status")},
         {"stable", member(rollout, "stable")},
         {"candidate", armsText(rollout)},
         {"share", memberReal(rollout, "share", 2) + " %"},
         {"step", stepText(rollout)},
         {"next step at", shortTime(member(rollout, "due_at"))},
         {"held", member(rollout, "hold")},
         {"everyone gets", member(rollout, "forced")},
         {"started", fmt::format("{} by {}", shortTime(member(rollout, "started_at")), member(rollout, "started_by"))},
         {"why", member(rollout, "reason")},
         {"decision", member(rollout, "decision")},
         {"ended", shortTime(member(rollout, "ended_at"))},
         {"ended by", member(rollout, "ended_by")},
         {"because", member(rollout, "end_reason")},
         {"evidence", member(rollout, "evidence")}});
  });
}

/// The last word of the command is the action's name.
int act(Session& session) {
  json::object body;
  if (session.args.has("reason")) body["reason"] = session.args.text("reason");
  if (session.args.has("arm")) body["arm"] = session.args.text("arm");
  if (session.args.has("version")) {
    // A number, SemVer or alias, as everywhere: the server's route takes the number.
    Reference ref = session.reference("NAME", "prompt");
    json::value version =
        session.api().get(route({"assets", "prompt", ref.name, "versions", session.args.text("version")}));
    body["version"] = version.as_object().at("version");
  }
  std::string action = session.command.path.substr(session.command.path.rfind(' ') + 1);
  json::value value = session.api().post(path(session, action), body);
  return session.said(value, said(value.as_object()));
}

Command action(std::string name, std::string summary, std::vector<Option> options) {
  return {.path = "rollout " + name,
          .summary = std::move(summary),
          .operands = {{"NAME", "the prompt's name"}, {"ID", "the rollout's number"}},
          .options = std::move(options),
          .examples = {fmt::format("regesta rollout {} loan-summary 7", name)},
          .run = act};
}

}  // namespace

Commands rolloutCommands() {
  Operand name = {"NAME", "the prompt's name"};
  Option reason = {"reason", "TEXT", "reason, stored in the ledger entry", 'm'};
  return {
      {.path = "rollout start",
       .summary = "start a rollout of a version to an alias in steps, through the alias's gate if it has one",
       .operands = {name, {"VERSION", "the candidate: a number, SemVer, range or alias", false}},
       .options = {{"alias", "ALIAS", "alias (default production)"},
                   {"steps", "LIST",
                    "percentage and bake time of each step: 10:1h,50:30m,100:1h; without a time, advance manually"},
                   {"holdback", "PERCENT", "percentage of the keys that stay on the stable version until the end"},
                   {"guard", "METRIC,…", "roll back if this metric gets worse: helpfulness,margin=0.05", 0, false,
                    true},
                   {"plan", "FILE", "arms, steps, segments, holdback and guards as JSON, - for stdin"},
                   reason},
       .examples = {"regesta rollout start loan-summary 1.4.0 --steps 10:1h,50:1h,100:1h",
                    "regesta rollout start loan-summary 1.4.0 --guard helpfulness "
                    "--guard latency_ms,direction=lower,max=5000,role=signal",
                    "regesta rollout start loan-summary --plan rollout.json"},
       .run = start},
      {.path = "rollout list",
       .summary = "list the rollouts of a prompt, newest first",
       .operands = {name},
       .options = {{"alias", "ALIAS", "only rollouts of this alias"}},
       .examples = {"regesta rollout list loan-summary"},
       .run = list},
      {.path = "rollout show",
       .summary = "show one rollout",
       .operands = {name, {"ID", "the rollout's number"}},
       .examples = {"regesta rollout show loan-summary 7"},
       .run = show},
      action("pause", "pause a rollout: keep the current percentages", {reason}),
      action("resume", "resume a paused, held or killed rollout", {}),
      action("advance", "advance to the next step; after the last step, complete the rollout", {}),
      action("kill", "serve one version to every caller at once, and pause",
             {{"version", "VERSION", "the stable version (default) or an arm's: a number, SemVer or alias"}, reason}),
      action("rollback", "end a rollout on the stable version because the candidate is worse", {reason}),
      action("stop", "end a rollout on the stable version", {reason}),
      action("complete", "move the alias to the candidate and end the rollout",
             {{"arm", "NAME", "arm that wins, if there are several"}}),
  };
}

}  // namespace regesta::cli
