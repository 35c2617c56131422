#include "cli/commands.h"
#include "cli/pointer_move.h"

namespace regesta::cli {
namespace {

Cell trust(const json::object& evidence) {
  return member(evidence, "verified") == "true" ? Cell("verified", Colour::green) : Cell("claimed", Colour::yellow);
}

int list(Session& session) {
  Reference ref = session.reference("VERSION");
  return session.list(
      route({"evidence"}), {{"kind", ref.kind}, {"name", ref.name}, {"version", ref.selector}},
      {"ID", "VERSION", "TYPE", "TRUST", "BY", "AT", "SUMMARY"},
      [](const json::object& item) -> std::vector<Cell> {
        return {member(item, "id"), member(item, "version"),       member(item, "type"),   trust(item),
                member(item, "by"), shortTime(member(item, "at")), member(item, "summary")};
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
       .summary = "list what speaks for a version, or for all versions of an asset",
       .operands = {{"VERSION", "KIND/NAME or KIND/NAME@VERSION"}},
       .options = {{"limit", "N", "at most so many"}},
       .examples = {"regesta evidence list loan-risk@3"},
       .run = list},
      {.path = "evidence show",
       .summary = "show one piece of evidence",
       .operands = {{"ID", "its number"}},
       .examples = {"regesta evidence show 7"},
       .run = show},
      {.path = "evidence add",
       .summary = "attach a card, scan, attestation or result that you vouch for",
       .operands = {{"VERSION", "KIND/NAME@VERSION"}},
       .options = {{"type", "TYPE", "card, scan, attestation, golden-test or evaluation", 0, true},
                   {"file", "FILE", "Markdown or JSON (.json), - for stdin", 'f', true}},
       .examples = {"regesta evidence add loan-risk@3 --type card --file card.md"},
       .run = add,
       .more =
           "Evidence of this kind is *claimed*; what `evidence evaluate` computes is *verified*. Policies can tell."},
  };
}

}  // namespace regesta::cli
