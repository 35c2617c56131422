#include "cli/commands.h"
#include "cli/pointer_move.h"

namespace regesta::cli {
namespace {

Cell trust(const json::object& evidence) {
  if (member(evidence, "verified") == "true") return Cell("verified", Colour::green);
  return Cell(member(evidence, "origin") == "runner" ? "runner" : "claimed", Colour::yellow);
}

/// The scope of "verified".
std::string originText(const json::object& evidence) {
  std::string by = member(evidence, "by"), origin = member(evidence, "origin");
  if (origin == "server" && member(evidence, "type") == "scan") return "computed by the server from the stored files";
  if (origin == "server") return fmt::format("computed by the server from the predictions that {} supplied", by);
  if (origin == "runner") return fmt::format("reported by the runner {} for job {}", by, member(evidence, "job"));
  return fmt::format("sent by {}", by);
}

/// The summary's members on one line: "accuracy=0.912 rows=400".
std::string summaryText(const json::object& evidence) {
  const json::value* summary = evidence.if_contains("summary");
  if (!summary || !summary->is_object()) return member(evidence, "summary");
  std::string text;
  for (const auto& [name, value] : summary->get_object()) {
    if (value.is_object() || value.is_array()) continue;
    std::string shown =
        value.is_double() ? fmt::format("{:.4g}", value.get_double()) : member(summary->get_object(), name);
    text += fmt::format("{}{}={}", text.empty() ? "" : " ", std::string_view(name), shown);
  }
  return text;
}

int list(Session& session) {
  Reference ref = session.reference("VERSION", {}, Takes::version);
  return session.list(
      route({"evidence"}), {{"kind", ref.kind}, {"name", ref.name}, {"version", ref.selector}},
      {"ID", "VERSION", "TYPE", "TRUST", "BY", "AT", "SUMMARY"},
      [](const json::object& item) -> std::vector<Cell> {
        return {member(item, "id"), member(item, "version"),       member(item, "type"), trust(item),
                member(item, "by"), shortTime(member(item, "at")), summaryText(item)};
      },
      "no evidence yet; `regesta evidence add` and `regesta evidence evaluate` make some");
}

int show(Session& session) {
  json::value value = session.api().get(route({"evidence", session.args.text("ID")}));
  return session.show(value, [](const json::object& evidence) {
    Cell known = trust(evidence);
    printFields({{"evidence", member(evidence, "id")},
                 {"type", member(evidence, "type")},
                 {"about", fmt::format("{}/{}@{}", member(evidence, "kind"), member(evidence, "name"),
                                       member(evidence, "version"))},
                 {"trust", known.text},
                 {"origin", originText(evidence)},
                 {"by", member(evidence, "by")},
                 {"at", shortTime(member(evidence, "at"))},
                 {"digest", member(evidence, "digest")}});
    if (const json::value* body = evidence.if_contains("body")) printJson(*body);
  });
}

int add(Session& session) {
  Reference ref = session.version();
  std::string text = readInput(session.args.text("file"));
  json::value content;
  if (session.args.text("file").ends_with(".json"))
    content = parseJson(text);
  else
    content = json::string(text);
  json::object body = {{"asset", json::object{{"kind", ref.kind}, {"name", ref.name}, {"version", ref.selector}}},
                       {"type", session.args.text("type")},
                       {"body", std::move(content)}};
  json::object made = session.api().post(route({"evidence"}), body).as_object();
  return session.said(
      made, fmt::format("added evidence {} ({}, claimed) to {}@{}{}", member(made, "id"), session.args.text("type"),
                        ref.asset(), ref.selector, appliedText(session, made)));
}

}  // namespace

Commands evidenceCommands() {
  return {
      {.path = "evidence list",
       .summary = "list the evidence of a version, or of all versions of an asset",
       .operands = {{"VERSION", "KIND/NAME or KIND/NAME@VERSION"}},
       .options = {{"limit", "N", "maximum number of results"}},
       .examples = {"regesta evidence list loan-risk@3"},
       .run = list},
      {.path = "evidence show",
       .summary = "show one piece of evidence",
       .operands = {{"ID", "the evidence's number"}},
       .examples = {"regesta evidence show 7"},
       .run = show},
      {.path = "evidence add",
       .summary = "attach a card, scan, attestation or result as claimed evidence",
       .operands = {{"VERSION", "KIND/NAME@VERSION"}},
       .options = {{"type", "TYPE", "card, scan, attestation, golden-test or evaluation", 0, true},
                   {"file", "FILE", "Markdown or JSON (.json), - for stdin", 'f', true}},
       .examples = {"regesta evidence add loan-risk@3 --type card --file card.md"},
       .run = add,
       .more = "Evidence of this kind is *claimed*; what `evidence evaluate` computes is *verified*: computed by the "
               "server from submitted predictions. Policies see the difference and the author."},
  };
}

}  // namespace regesta::cli
