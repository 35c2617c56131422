#include "base/text.h"
#include "cli/commands.h"
#include "cli/session.h"

namespace regesta::cli {
namespace {

std::string interval(const json::object& item) {
  std::string low = memberReal(item, "low"), high = memberReal(item, "high");
  return low.empty() ? "" : fmt::format("{} … {}", low, high);
}

int quality(Session& session) {
  Reference ref = session.reference("NAME", "prompt", Takes::version);
  return session.list(
      route({"prompts", ref.name, "quality"}),
      {{"version", ref.selector}, {"metric", session.args.text("metric")}, {"since", session.args.text("since")}},
      {"VERSION", "SEMVER", "METRIC", "REPORTS", "MEAN", "95 % INTERVAL", "P50", "P95", "LAST"},
      [](const json::object& item) -> std::vector<Cell> {
        return {member(item, "version"), member(item, "semver"),   member(item, "metric"),
                member(item, "count"),   memberReal(item, "mean"), interval(item),
                memberReal(item, "p50"), memberReal(item, "p95"),  shortTime(member(item, "last_at"))};
      },
      "nothing was reported yet; `regesta prompt report` and POST …/reports do");
}

int report(Session& session) {
  Reference ref = session.version("VERSION", "prompt");
  std::optional<double> value = parseDouble(session.args.text("value"));
  if (!value) throw UsageError("--value must be a number");
  json::object one = {{"version", ref.selector}, {"metric", session.args.text("metric")}, {"value", *value}};
  if (session.args.has("unit")) one["unit"] = session.args.text("unit");
  if (session.args.has("key")) one["key"] = session.args.text("key");
  json::object body = {{"reports", json::array{std::move(one)}}};
  json::object answer = session.api().post(route({"prompts", ref.name, "reports"}), body).as_object();
  bool stored = member(answer, "stored") == "1";
  return session.said(answer, stored ? "reported" : "not counted again: a report with this key already exists");
}

Colour colourOf(std::string_view standing) {
  if (standing == "fine") return Colour::green;
  if (standing == "breached" || standing == "uneven") return Colour::red;
  return Colour::yellow;
}

std::string newestRollout(Session& session, const std::string& name) {
  json::value page = session.api().get(route({"prompts", name, "rollouts"}), {{"page_size", "1"}});
  const json::array& items = page.at("items").as_array();
  if (items.empty()) throw error(Code::notFound, "prompt/{} has no rollout yet", name);
  return member(items[0].as_object(), "id");
}

int why(Session& session) {
  Reference ref = session.reference("NAME", "prompt");
  std::string id = session.args.has("ID") ? session.args.text("ID") : newestRollout(session, ref.name);
  json::value value = session.api().get(route({"prompts", ref.name, "rollouts", id, "guards"}));
  return session.show(value, [](const json::object& answer) {
    printFields({{"rollout", member(answer, "rollout")},
                 {"status", member(answer, "status")},
                 {"ended by", member(answer, "ended_by")},
                 {"because", member(answer, "end_reason")},
                 {"on hold", member(answer, "hold")}});
    Table table({"GUARD", "ARM", "STANDING", "E", "ENOUGH", "WHY"});
    for (const json::value& item : answer.at("items").as_array()) {
      const json::object& guard = item.as_object();
      table.row({member(guard, "guard"), member(guard, "arm"),
                 Cell(member(guard, "standing"), colourOf(member(guard, "standing"))), memberReal(guard, "e"),
                 memberReal(guard, "threshold"), member(guard, "why")});
    }
    fmt::print("\n");
    table.print("this rollout has no guards");
  });
}

}  // namespace

Commands qualityCommands() {
  return {
      {.path = "prompt quality",
       .summary = "show the quality reports of each version",
       .operands = {{"NAME", "the prompt's name, or NAME@VERSION"}},
       .options = {{"metric", "METRIC", "only this one"},
                   {"since", "TIME", "RFC 3339 (default: 30 days ago)"},
                   {"limit", "N", "maximum number of results"}},
       .examples = {"regesta prompt quality loan-summary", "regesta prompt quality loan-summary --metric helpfulness"},
       .run = quality},
      {.path = "prompt report",
       .summary = "report one observation about a version: a score, a rate's 0 or 1, a latency",
       .operands = {{"VERSION", "NAME@VERSION"}},
       .options = {{"metric", "METRIC", "the metric's name", 0, true},
                   {"value", "NUMBER", "the observed value", 0, true},
                   {"unit", "TEXT", "user or session it is about"},
                   {"key", "TEXT", "idempotency key"}},
       .examples = {"regesta prompt report loan-summary@3 --metric helpfulness --value 0.8 --unit user-17"},
       .run = report},
      {.path = "rollout why",
       .summary = "show the status of a rollout's guards, with reasons",
       .operands = {{"NAME", "the prompt's name"}, {"ID", "the rollout's number (default: the newest one)", false}},
       .examples = {"regesta rollout why loan-summary", "regesta rollout why loan-summary 3 --json"},
       .run = why},
  };
}

}  // namespace regesta::cli
