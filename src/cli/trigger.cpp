// regesta trigger: rules that start jobs or call webhooks on events.
#include "base/text.h"
#include "cli/commands.h"
#include "cli/session.h"
#include "prompt/file/yaml.h"

namespace regesta::cli {
namespace {

/// The triggers of a file: one object, or a list below "triggers".
std::vector<json::object> triggersIn(const std::string& file) {
  json::value read;
  try {
    read = prompt::file::parseYaml(readInput(file));
  } catch (const prompt::file::YamlFault& fault) {
    throw UsageError(fmt::format("{}: line {}: {}", file, fault.line, fault.message));
  }
  const json::object* root = read.if_object();
  if (!root) throw UsageError(fmt::format("{}: must be a trigger, or a list of them below 'triggers'", file));
  const json::value* list = root->if_contains("triggers");
  std::vector<json::object> triggers;
  if (!list) return {*root};
  if (!list->is_array()) throw UsageError(fmt::format("{}: 'triggers' must be a list", file));
  for (const json::value& one : list->get_array()) {
    if (!one.is_object()) throw UsageError(fmt::format("{}: each trigger must have a name and members", file));
    triggers.push_back(one.get_object());
  }
  return triggers;
}

int apply(Session& session) {
  const std::string file = session.args.text("FILE");
  json::array set;
  for (json::object trigger : triggersIn(file)) {
    std::string name = member(trigger, "name");
    if (name.empty()) throw UsageError(fmt::format("{}: a trigger has no name", file));
    trigger.erase("name");
    set.push_back(session.api().put(route({"triggers", name}), trigger));
    if (!session.json()) fmt::print("set trigger {}\n", printable(name));
  }
  if (session.json()) printJson(json::object{{"items", std::move(set)}});
  return Exit::done;
}

std::string onText(const json::object& item) {
  const json::object& on = item.at("rule").as_object().at("on").as_object();
  if (std::string minutes = member(on, "every_minutes"); !minutes.empty()) return fmt::format("every {} min", minutes);
  std::string actions = member(on, "action");
  if (actions.empty()) actions = member(on, "actions");
  std::string kind = member(on, "kind"), names = member(on, "names");
  if (item.at("rule").as_object().contains("run")) return fmt::format("runs of {}", names.empty() ? "*" : names);
  return fmt::format("{} of {}/{}", actions, kind.empty() ? "*" : kind, names.empty() ? "*" : names);
}

std::string doesText(const json::object& item) {
  const json::object& rule = item.at("rule").as_object();
  if (const json::value* job = rule.if_contains("job")) return "job " + member(job->as_object(), "command");
  if (rule.contains("webhook")) return "webhook " + member(rule, "webhook");
  return "note";
}

int list(Session& session) {
  return session.list(
      "/api/v1/triggers", {}, {"NAME", "ON", "DOES", "SET", "BY"},
      [](const json::object& item) -> std::vector<Cell> {
        return {member(item, "name"), onText(item), doesText(item), shortTime(member(item, "set_at")),
                member(item, "set_by")};
      },
      "no triggers");
}

int show(Session& session) {
  json::value found = session.api().get(route({"triggers", session.args.text("NAME")}));
  return session.show(found, [](const json::object& object) {
    const json::object& trigger = object.at("trigger").as_object();
    printFields({{"trigger", member(trigger, "name")},
                 {"on", onText(trigger)},
                 {"does", doesText(trigger)},
                 {"set", fmt::format("{} by {}", shortTime(member(trigger, "set_at")), member(trigger, "set_by"))}});
    Table table({"FIRED", "CAUSE", "ENTRY", "OUTCOME", "JOB", "STATUS", "PROBLEM"});
    for (const json::value& one : object.at("firings").as_array()) {
      const json::object& item = one.as_object();
      std::string outcome = member(item, "outcome");
      table.row({shortTime(member(item, "at")), member(item, "subject"), member(item, "cause"),
                 Cell(outcome, outcome == "started" ? Colour::green : Colour::yellow), member(item, "job"),
                 member(item, "job_status"), shorten(member(item, "problem"), 120)});
    }
    table.print("it has not fired");
  });
}

int remove(Session& session) {
  json::value answer = session.api().remove(route({"triggers", session.args.text("NAME")}));
  return session.said(answer, fmt::format("deleted trigger {}", session.args.text("NAME")));
}

}  // namespace

Commands triggerCommands() {
  Operand name = {"NAME", "name of the trigger"};
  return {
      {.path = "trigger apply",
       .summary = "create or replace the triggers of a file",
       .operands = {{"FILE", "YAML; - for stdin"}},
       .examples = {"regesta trigger apply triggers.yaml"},
       .run = apply,
       .more = "Needs the role admin on every name that a trigger is about and that its job's token may use."},
      {.path = "trigger list", .summary = "list triggers", .examples = {"regesta trigger list"}, .run = list},
      {.path = "trigger show",
       .summary = "show a trigger with what it did",
       .operands = {name},
       .examples = {"regesta trigger show tune-on-prompt"},
       .run = show},
      {.path = "trigger delete",
       .summary = "delete a trigger",
       .operands = {name},
       .examples = {"regesta trigger delete tune-on-prompt"},
       .run = remove},
  };
}

}  // namespace regesta::cli
