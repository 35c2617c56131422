// regesta guard: standing guards, which watch an alias outside of rollouts.
#include "base/text.h"
#include "cli/commands.h"
#include "cli/session.h"

namespace regesta::cli {
namespace {

std::string guardsRoute(const Reference& ref) { return route({"assets", ref.kind, ref.name, "standing-guards"}); }

int set(Session& session) {
  const Arguments& args = session.args;
  Reference ref = session.reference();
  std::string name = args.has("name") ? args.text("name") : lower(args.text("METRIC"));
  json::object body{{"metric", args.text("METRIC")}, {"on_breach", args.flag("rollback") ? "rollback" : "alert"}};
  for (std::string_view option : {"threshold", "margin", "min-reports", "window-hours"}) {
    if (!args.has(option)) continue;
    auto number = parseDouble(args.text(option));
    if (!number) throw UsageError(fmt::format("--{} must be a number", option));
    std::string member(option);
    for (char& c : member)
      if (c == '-') c = '_';
    if (auto whole = parseInteger(args.text(option)))
      body[member] = *whole;
    else
      body[member] = *number;
  }
  if (args.has("direction")) body["direction"] = args.text("direction");
  json::value made = session.api().put(guardsRoute(ref) + "/" + route({args.text("ALIAS"), name}).substr(8), body);
  return session.said(made, fmt::format("standing guard {} watches {} of {}#{}", name, args.text("METRIC"), ref.asset(),
                                        args.text("ALIAS")));
}

int list(Session& session) {
  return session.list(
      guardsRoute(session.reference()), {}, {"ALIAS", "GUARD", "STATE", "WHY", "LAST BREACH", "OUTCOME"},
      [](const json::object& item) -> std::vector<Cell> {
        std::string state = member(item, "state"), breached = member(item, "breached_version");
        return {member(item, "alias"),
                member(item, "guard"),
                Cell(state, state == "breached" ? Colour::red
                            : state == "fine"   ? Colour::green
                                                : Colour::none),
                member(item, "why"),
                breached.empty() ? "" : fmt::format("version {} {}", breached, shortTime(member(item, "breached_at"))),
                member(item, "outcome")};
      },
      "no standing guards");
}

int remove(Session& session) {
  Reference ref = session.reference();
  json::value answer = session.api().remove(guardsRoute(ref) + "/" +
                                            route({session.args.text("ALIAS"), session.args.text("NAME")}).substr(8));
  return session.said(answer, fmt::format("deleted standing guard {}", session.args.text("NAME")));
}

}  // namespace

Commands standingGuardCommands() {
  Operand asset = {"ASSET", "prompt/NAME or model/NAME"}, alias = {"ALIAS", "the alias to watch"};
  return {
      {.path = "guard set",
       .summary = "watch an alias by a metric of the version that it points to",
       .operands = {asset,
                    alias,
                    {"METRIC", "a reported metric; for models an assessment's name, error or latency_ms"}},
       .options = {{"threshold", "NUMBER", "the mean must not be clearly worse than this"},
                   {"margin", "NUMBER", "how much worse than the version before the mean may be"},
                   {"direction", "WHICH", "which is better: higher (default) or lower"},
                   {"rollback", "", "roll the alias back on a breach (default: alert)"},
                   {"min-reports", "N", "reports of each version that is judged (default 30)"},
                   {"window-hours", "N", "how far back to look; 0: everything (default 168)"},
                   {"name", "NAME", "name of the guard (default: the metric)"}},
       .examples = {"regesta guard set prompt/support production helpfulness --threshold 0.7 --rollback",
                    "regesta guard set model/loan-risk production correctness --margin 0.02"},
       .run = set,
       .more =
           "A breach is the ledger entry guard.breached, with the numbers. The rollback goes through the gate, with "
           "the rights of the user who set the guard."},
      {.path = "guard list",
       .summary = "list the standing guards of an asset with their state",
       .operands = {asset},
       .examples = {"regesta guard list prompt/support"},
       .run = list},
      {.path = "guard delete",
       .summary = "delete a standing guard",
       .operands = {asset, alias, {"NAME", "name of the guard"}},
       .examples = {"regesta guard delete prompt/support production helpfulness"},
       .run = remove},
  };
}

}  // namespace regesta::cli
