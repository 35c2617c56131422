// regesta golden: rules that run every new version against a golden dataset.
#include "base/text.h"
#include "cli/commands.h"
#include "cli/session.h"

namespace regesta::cli {
namespace {

int create(Session& session) {
  const Arguments& args = session.args;
  Reference dataset = parseReference(args.text("dataset"), "dataset", Takes::version);
  json::object body{{"name", args.text("NAME")},
                    {"kind", args.has("kind") ? args.text("kind") : "model"},
                    {"name_pattern", args.text("pattern")},
                    {"dataset", dataset.name}};
  if (!dataset.selector.empty()) body["version"] = dataset.selector;
  if (args.has("file")) body["file"] = args.text("file");
  if (args.has("method")) body["method"] = args.text("method");
  if (args.has("tolerance")) {
    auto tolerance = parseDouble(args.text("tolerance"));
    if (!tolerance) throw UsageError("--tolerance must be a number");
    body["tolerance"] = *tolerance;
    if (!args.has("method")) body["method"] = "numeric";
  }
  if (args.has("repeats")) body["repeats"] = args.integer("repeats").value();
  json::value made = session.api().post("/api/v1/golden-rules", body);
  return session.said(made,
                      fmt::format("every new version of {}/{} is now run against dataset/{}@{}", member(body, "kind"),
                                  member(body, "name_pattern"), dataset.name, member(made.as_object(), "selector")));
}

int list(Session& session) {
  return session.list(
      "/api/v1/golden-rules", {}, {"NAME", "KIND", "NAMES", "DATASET", "METHOD", "TOLERANCE", "GOLDEN DATA"},
      [](const json::object& item) -> std::vector<Cell> {
        bool changed = member(item, "golden_changed") == "true";
        return {member(item, "name"),
                member(item, "kind"),
                member(item, "name_pattern"),
                fmt::format("{}@{}", member(item, "dataset"), member(item, "selector")),
                member(item, "method"),
                member(item, "tolerance"),
                changed ? Cell("changed", Colour::yellow) : Cell("as created")};
      },
      "no golden rules");
}

int remove(Session& session) {
  json::value answer = session.api().remove(route({"golden-rules", session.args.text("NAME")}));
  return session.said(answer, fmt::format("deleted golden rule {}", session.args.text("NAME")));
}

int run(Session& session) {
  Reference version = parseVersionReference(session.args.text("VERSION"), "model");
  json::value job = session.api().post(route({"golden-rules", session.args.text("NAME"), "run"}),
                                       json::object{{"version", version.name + "@" + version.selector}});
  return session.said(job, fmt::format("job {} waits for a runner", member(job.as_object(), "job")));
}

void printDifference(const json::object& row) {
  std::string error = member(row, "error");
  const json::value* difference = row.if_contains("difference");
  if (!difference) difference = row.if_contains("varies");
  if (!error.empty()) {
    fmt::print("    row {}: {}\n", member(row, "row"), printable(error));
  } else if (difference && difference->is_object()) {
    const json::object& where = difference->get_object();
    fmt::print("    row {} {}: {} {}, {} {}\n", member(row, "row"), printable(member(where, "path")),
               row.contains("varies") ? "first" : "expected", printable(member(where, "expected")),
               row.contains("varies") ? "then" : "got", printable(member(where, "actual")));
  }
}

void printRun(Session& session, const json::object& item) {
  const json::value* summary = item.if_contains("summary");
  if (!summary) {
    fmt::print("{} {} {}\n", member(item, "subject"), member(item, "status"), printable(member(item, "problem")));
    return;
  }
  const json::object& numbers = summary->as_object();
  bool passed = member(numbers, "passed") == "true";
  fmt::print(
      "{} {}: {} rows, {} different, {} errors{}{}\n",
      paint(passed ? "passed" : "failed", passed ? Colour::green : Colour::red), member(item, "subject"),
      member(numbers, "rows"), member(numbers, "different"), member(numbers, "errors"),
      member(numbers, "deterministic") == "false"
          ? fmt::format(", not deterministic: {} rows vary", member(numbers, "varying_rows"))
          : "",
      member(numbers, "golden_changed") == "true" ? ", the golden data has changed since the rule was made" : "");
  json::value evidence = session.api().get(route({"evidence", member(item, "evidence")}));
  constexpr std::size_t rowsShown = 10;
  std::size_t shown = 0;
  const json::value* body = evidence.as_object().if_contains("body");
  if (!body || !body->is_object()) return;
  for (const json::value& row : body->get_object().at("differences").as_array())
    if (shown++ < rowsShown) printDifference(row.as_object());
  if (shown > rowsShown) fmt::print("    and {} more\n", shown - rowsShown);
}

int report(Session& session) {
  json::value found = session.api().get(route({"golden-rules", session.args.text("NAME")}));
  return session.show(found, [&](const json::object& object) {
    const json::array& runs = object.at("runs").as_array();
    if (runs.empty()) fmt::print("no version has been run yet\n");
    for (const json::value& item : runs) printRun(session, item.as_object());
  });
}

}  // namespace

Commands goldenCommands() {
  Operand name = {"NAME", "name of the rule"};
  return {
      {.path = "golden create",
       .summary = "run every new version of matching assets against a golden dataset",
       .operands = {name},
       .options = {{"pattern", "GLOB", "names of assets", 0, true},
                   {"dataset", "NAME[@VERSION]",
                    "dataset of JSON Lines with \"inputs\" and \"expected\"; without @VERSION, the newest", 0, true},
                   {"kind", "KIND", "model (default) or prompt"},
                   {"file", "PATH", "file of the dataset (default: its only .jsonl file)"},
                   {"method", "METHOD",
                    "exact, numeric, text or json (default: numeric with --tolerance, otherwise exact)"},
                   {"tolerance", "NUMBER", "of numbers: |difference| <= tolerance * max(1, |expected|)"},
                   {"repeats", "N", "runs of a version, to see whether they agree (default 2)"}},
       .examples = {"regesta golden create loans --pattern 'loan-*' --dataset golden-loans@1 --tolerance 1e-6"},
       .run = create,
       .more = "A runner with --run-models runs the models; the server compares. Policies see the result as "
               "input.candidate.golden.passed."},
      {.path = "golden list", .summary = "list golden rules", .examples = {"regesta golden list"}, .run = list},
      {.path = "golden run",
       .summary = "run a golden rule on an existing version",
       .operands = {name, {"VERSION", "KIND/NAME@VERSION"}},
       .examples = {"regesta golden run loans loan-risk@7"},
       .run = run},
      {.path = "golden report",
       .summary = "show results of a golden rule, with the rows that differ",
       .operands = {name},
       .examples = {"regesta golden report loans"},
       .run = report},
      {.path = "golden delete",
       .summary = "delete a golden rule",
       .operands = {name},
       .examples = {"regesta golden delete loans"},
       .run = remove},
  };
}

}  // namespace regesta::cli
