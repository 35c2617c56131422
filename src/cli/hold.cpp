#include "cli/commands.h"
#include "cli/session.h"

namespace regesta::cli {
namespace {

json::object bodyOf(const Session& session) {
  json::object body{{"reason", session.args.text("reason")}};
  bool pattern = session.args.has("pattern");
  if (session.args.text("ASSET").empty() != pattern)
    throw UsageError("give an asset or --pattern, and only one of them");
  if (pattern) {
    body["kind"] = session.args.has("kind") ? session.args.text("kind") : "*";
    body["name_pattern"] = session.args.text("pattern");
    return body;
  }
  if (session.args.has("kind")) throw UsageError("--kind is for --pattern; write KIND/NAME for an asset");
  Reference ref = session.reference("ASSET", {}, Takes::version);
  body["kind"] = ref.kind;
  body["name"] = ref.name;
  if (!ref.selector.empty()) body["version"] = ref.selector;
  return body;
}

int place(Session& session) {
  json::object made = session.api().post(route({"holds"}), bodyOf(session)).as_object();
  return session.said(made, fmt::format("hold {} on {}", member(made, "id"), member(made, "target")));
}

int lift(Session& session) {
  json::object lifted = session.api()
                            .post(route({"holds", session.args.text("ID"), "lift"}),
                                  json::object{{"reason", session.args.text("reason")}})
                            .as_object();
  return session.said(lifted, fmt::format("lifted hold {} on {}", member(lifted, "id"), member(lifted, "target")));
}

int list(Session& session) {
  Api::Query query;
  if (!session.args.text("ASSET").empty()) {
    Reference ref = session.reference("ASSET", {}, Takes::version);
    query = {{"kind", ref.kind}, {"name", ref.name}, {"version", ref.selector}};
  }
  if (session.args.flag("lifted")) query.push_back({"lifted", "true"});
  return session.list(
      route({"holds"}), query, {"ID", "TARGET", "PLACED", "BY", "REASON", "LIFTED"},
      [](const json::object& item) -> std::vector<Cell> {
        std::string lifted = member(item, "lifted_at");
        return {member(item, "id"),
                member(item, "target"),
                shortTime(member(item, "placed_at")),
                member(item, "placed_by"),
                member(item, "reason"),
                lifted.empty() ? "" : fmt::format("{} by {}", shortTime(lifted), member(item, "lifted_by"))};
      },
      "no legal holds");
}

}  // namespace

Commands holdCommands() {
  Option reason = {"reason", "TEXT", "reason, stored in the ledger", 'm', true};
  return {
      {.path = "hold place",
       .summary = "forbid the deletion of an asset, of a version, or of names that match a pattern",
       .operands = {{"ASSET", "KIND/NAME or KIND/NAME@VERSION", false}},
       .options = {reason,
                   {"pattern", "GLOB", "names of present and future assets, for example 'loan-*'"},
                   {"kind", "KIND", "with --pattern: only this kind of asset (default: every kind)"}},
       .examples = {"regesta hold place model/loan-risk@3 --reason \"case 2026-14\"",
                    "regesta hold place --pattern 'loan-*' --kind model --reason \"audit 2026\""},
       .run = place,
       .more = "Nobody can delete or archive what a hold covers, delete the runs that held versions cite, or rename an "
               "asset so that the hold no longer covers it. Requires the role admin."},
      {.path = "hold lift",
       .summary = "lift a hold that another administrator placed",
       .operands = {{"ID", "the hold's number"}},
       .options = {reason},
       .examples = {"regesta hold lift 3 --reason \"case closed\""},
       .run = lift},
      {.path = "hold list",
       .summary = "list holds in force, or those that cover an asset or version",
       .operands = {{"ASSET", "KIND/NAME or KIND/NAME@VERSION", false}},
       .options = {{"lifted", "", "include lifted holds"}},
       .examples = {"regesta hold list", "regesta hold list model/loan-risk@3"},
       .run = list},
  };
}

}  // namespace regesta::cli
