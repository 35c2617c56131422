#include "cli/commands.h"
#include "cli/pointer_move.h"
#include "cli/terminal.h"

namespace regesta::cli {
namespace {

/// "run:ID:PATH", "model:ID:PATH" or "sha256:DIGEST".
json::object predictionsOf(const std::string& text) {
  auto first = text.find(':');
  if (first != std::string::npos) {
    std::string how = text.substr(0, first), rest = text.substr(first + 1);
    if (how == "sha256") return {{"digest", rest}};
    auto second = rest.find(':');
    if ((how == "run" || how == "model") && second != std::string::npos && second > 0 && second + 1 < rest.size())
      return {{how + "_id", rest.substr(0, second)}, {"path", rest.substr(second + 1)}};
  }
  throw UsageError(
      fmt::format("predictions are written run:ID:PATH, model:ID:PATH or sha256:DIGEST, not \"{}\"", text));
}

void printGroups(const std::string& column, const json::object& report) {
  fmt::print("\nby {}\n", paint(column, Colour::bold));
  printFields({{"  demographic parity ratio", memberReal(report, "demographic_parity_ratio")},
               {"  demographic parity difference", memberReal(report, "demographic_parity_difference")},
               {"  equalized odds difference", memberReal(report, "equalized_odds_difference")},
               {"  equal opportunity difference", memberReal(report, "equal_opportunity_difference")}});
  Table table({"GROUP", "N", "SELECTED", "ACCURACY", "TPR", "FPR"});
  if (const json::value* groups = report.if_contains("groups"); groups && groups->is_object())
    for (const auto& [value, group] : groups->get_object()) {
      const json::object& numbers = group.as_object();
      table.row({std::string(value), member(numbers, "n"), memberReal(numbers, "selection_rate", 3),
                 memberReal(numbers, "accuracy", 3), memberReal(numbers, "tpr", 3), memberReal(numbers, "fpr", 3)});
    }
  table.print("no groups");
}

int evaluate(Session& session) {
  const Arguments& args = session.args;
  Reference model = session.version("VERSION");
  Reference dataset = parseReference(args.text("dataset"), "dataset", Takes::version);
  json::object data = {{"name", dataset.name}, {"version", dataset.selector.empty() ? "latest" : dataset.selector}};
  if (args.has("dataset-file")) data["file"] = args.text("dataset-file");
  json::array groups;
  for (const std::string& group : args.all("group")) groups.push_back(json::string(group));
  json::object body = {{"model", json::object{{"name", model.name}, {"version", model.selector}}},
                       {"dataset", std::move(data)},
                       {"predictions", predictionsOf(args.text("predictions"))},
                       {"label", args.text("label")},
                       {"prediction", args.has("prediction") ? args.text("prediction") : "prediction"},
                       {"groups", std::move(groups)}};
  for (const char* field : {"positive", "join"})
    if (args.has(field)) body[field] = args.text(field);
  json::value value = session.api().post(route({"evidence", "evaluate"}), body);
  return session.show(value, [&](const json::object& evidence) {
    fmt::print("evidence {} on {}@{}: {}\n\n", member(evidence, "id"), model.asset(), model.selector,
               paint("verified, computed by the server", Colour::green));
    const json::object& metrics = evidence.at("metrics").as_object();
    std::vector<std::pair<std::string, std::string>> fields;
    for (const auto& [name, number] : metrics) fields.emplace_back(std::string(name), memberReal(metrics, name));
    printFields(fields);
    if (const json::value* fairness = evidence.if_contains("fairness"); fairness && fairness->is_object())
      for (const auto& [column, report] : fairness->get_object()) printGroups(std::string(column), report.as_object());
    if (std::string applied = appliedText(session, evidence); !applied.empty()) fmt::print("{}\n", printable(applied));
  });
}

int scan(Session& session) {
  Reference ref = session.version();
  json::value value = session.api().post(
      "/api/v1/evidence/scan",
      json::object{{"asset", json::object{{"kind", ref.kind}, {"name", ref.name}, {"version", ref.selector}}}});
  return session.show(value, [&](const json::object& evidence) {
    const json::value* body = evidence.if_contains("body");
    const json::value* reports = body && body->is_object() ? body->get_object().if_contains("reports") : nullptr;
    fmt::print("{}: {}\n", ref.asset() + "@" + ref.selector,
               body && body->is_object() ? member(body->get_object(), "status") : "");
    if (!reports || !reports->is_array()) return;
    for (const json::value& report : reports->get_array()) {
      const json::object& file = report.get_object();
      for (const json::value& finding : file.at("findings").as_array()) {
        std::string severity = member(finding.as_object(), "severity");
        Colour colour = severity == "critical" ? Colour::red : severity == "warning" ? Colour::yellow : Colour::dim;
        fmt::print("  {}  {}: {}\n", paint(severity, colour), printable(member(file, "path")),
                   printable(member(finding.as_object(), "message")));
      }
    }
  });
}

}  // namespace

Commands evaluateCommands() {
  return {
      {.path = "evidence evaluate",
       .summary = "compute accuracy and fairness on the server from stored predictions and a stored dataset",
       .operands = {{"VERSION", "the model's version: NAME@VERSION"}},
       .options = {{"dataset", "NAME@VERSION", "the dataset with labels and groups", 0, true},
                   {"dataset-file", "PATH", "the dataset's file (default: the only one)"},
                   {"predictions", "WHERE", "run:ID:PATH, model:ID:PATH or sha256:DIGEST", 0, true},
                   {"label", "COLUMN", "the dataset's column with the true label", 0, true},
                   {"prediction", "COLUMN", "the predictions' column (default prediction)"},
                   {"group", "COLUMN", "a column to compare groups by", 'g', false, true},
                   {"positive", "VALUE", "the label that counts as selected (default 1)"},
                   {"join", "COLUMN", "common column to match rows by (default: row order)"}},
       .examples = {"regesta evidence evaluate loan-risk@3 --dataset loan-holdout@1 --predictions "
                    "run:4f0c…:predictions.csv \\\n"
                    "      --label approve --group race --join id"},
       .run = evaluate},
      {.path = "evidence scan",
       .summary = "scan the files of a version for code that runs when they are loaded, and for other attacks",
       .operands = {{"VERSION", "KIND/NAME@VERSION"}},
       .examples = {"regesta evidence scan loan-risk@3"},
       .run = scan},
  };
}

}  // namespace regesta::cli
