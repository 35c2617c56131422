#include "base/encoding.h"
#include "cli/commands.h"
#include "cli/session.h"
#include "proof/card_page.h"

namespace regesta::cli {
namespace {

int draft(Session& session) {
  Reference ref = session.version();
  std::string fallback = ref.kind == "dataset"  ? "huggingface-dataset"
                         : ref.kind == "prompt" ? "prompt"
                                                : "huggingface-model";
  std::string form = session.args.has("template") ? session.args.text("template") : fallback;
  std::string text = session.api().text(route({"assets", ref.kind, ref.name, "versions", ref.selector, "card"}) +
                                        "?template=" + percentEncode(form));
  std::string next = fmt::format("wrote {0}; complete it, then\n  regesta evidence add {1}@{2} --type card --file {0}",
                                 session.args.text("output"), ref.asset(), ref.selector);
  return session.deliver(text, "card", {{"template", form}}, next);
}

int render(Session& session) {
  std::string file = session.args.text("FILE");
  return session.deliver(proof::renderCard(file, readInput(file)), "page");
}

int exportCard(Session& session) {
  Reference ref = session.version();
  if (session.args.text("format") != "croissant") throw UsageError("--format must be croissant");
  std::string text = session.api().text(route({"assets", ref.kind, ref.name, "versions", ref.selector, "croissant"}));
  return session.deliver(text, "croissant");
}

int templates(Session& session) {
  return session.list(
      route({"card-templates"}), {}, {"TEMPLATE", "TITLE", "REQUIRED SECTIONS"},
      [](const json::object& item) -> std::vector<Cell> {
        return {member(item, "name"), member(item, "title"), memberTexts(item, "required", " · ")};
      },
      "no templates");
}

int listRules(Session& session) {
  return session.list(
      route({"card-rules"}), {}, {"ID", "KIND", "PATTERN", "TEMPLATE", "SECTIONS", "SET BY"},
      [](const json::object& item) -> std::vector<Cell> {
        return {member(item, "id"),
                member(item, "kind"),
                member(item, "name_pattern"),
                member(item, "template"),
                memberTexts(item, "sections", " · "),
                member(item, "set_by")};
      },
      "no card rules; `regesta card rule set` makes one");
}

int setRule(Session& session) {
  std::string pattern = session.args.text("PATTERN");
  std::size_t slash = pattern.find('/');
  if (slash == std::string::npos) throw UsageError("PATTERN must be KIND/PATTERN, as in 'model/loan-*'");
  json::array sections;
  for (const std::string& section : session.args.all("section")) sections.emplace_back(section);
  json::object body{{"kind", pattern.substr(0, slash)},
                    {"name_pattern", pattern.substr(slash + 1)},
                    {"sections", std::move(sections)}};
  if (session.args.has("template")) body["template"] = session.args.text("template");
  json::object made = session.api().put(route({"card-rules"}), body).as_object();
  return session.said(made, fmt::format("set card rule {} for {}", member(made, "id"), pattern));
}

int deleteRule(Session& session) {
  std::string id = session.args.text("ID");
  session.confirmRemoval("card rule " + id);
  session.api().remove(route({"card-rules", id}));
  return session.said(json::object{{"deleted", id}}, "deleted card rule " + id);
}

}  // namespace

Commands cardCommands() {
  return {
      {.path = "card draft",
       .summary = "write a card with what the registry knows about a version",
       .operands = {{"VERSION", "KIND/NAME@VERSION; without a kind, a model"}},
       .options = {{"template", "NAME",
                    "form of the card: see `card templates` (default: huggingface-model, huggingface-dataset, prompt)"},
                   {"output", "FILE", "write to this file instead of printing", 'o'}},
       .examples = {"regesta card draft loan-risk@3 --template model-risk --output card.md"},
       .run = draft,
       .more = "Sections that the registry cannot fill have a comment with what to write. A section with nothing but "
               "comments counts as missing."},
      {.path = "card render",
       .summary = "render a card to HTML, offline",
       .operands = {{"FILE", "the card in Markdown, - for stdin"}},
       .options = {{"output", "FILE", "write to this file instead of printing", 'o'}},
       .examples = {"regesta card render card.md --output card.html"},
       .run = render,
       .more = "HTML in the card is shown as text. The report of an evidence pack has the newest card in this form."},
      {.path = "card export",
       .summary = "export the metadata of a dataset version in a form that other tools read",
       .operands = {{"VERSION", "dataset/NAME@VERSION"}},
       .options = {{"format", "FORMAT", "croissant: Croissant 1.0, JSON-LD", 0, true},
                   {"output", "FILE", "write to this file instead of printing", 'o'}},
       .examples = {"regesta card export dataset/loans@1 --format croissant --output loans.croissant.json"},
       .run = exportCard,
       .more = "It has the files with their digests and addresses, and the columns of CSV files as record sets."},
      {.path = "card templates",
       .summary = "list the templates of cards",
       .examples = {"regesta card templates"},
       .run = templates},
      {.path = "card rule list",
       .summary = "list which sections cards must have",
       .examples = {"regesta card rule list"},
       .run = listRules},
      {.path = "card rule set",
       .summary = "require sections in the cards of matching assets",
       .operands = {{"PATTERN", "KIND/PATTERN: model/loan-*"}},
       .options = {{"template", "NAME", "require the required sections of this template"},
                   {"section", "HEADING", "require this heading, too", 0, false, true}},
       .examples = {"regesta card rule set 'model/loan-*' --template model-risk --section 'Adverse action reasons'"},
       .run = setRule,
       .more = "Policies see the result as `candidate.card.complete` and `candidate.card.missing`."},
      {.path = "card rule delete",
       .summary = "delete a card rule",
       .operands = {{"ID", "number of the rule"}},
       .options = {yesOption},
       .examples = {"regesta card rule delete 2"},
       .run = deleteRule},
  };
}

}  // namespace regesta::cli
