#include <algorithm>

#include "cli/commands.h"
#include "cli/pointer_move.h"
#include "cli/refusal.h"

namespace regesta::cli {
namespace {

/// What the move did in spite of policies.
std::string exceptionText(const json::object& outcome) {
  std::string text;
  if (const json::value* waived = outcome.if_contains("waived"); waived && waived->is_array())
    for (const json::value& one : waived->get_array())
      text += fmt::format("\nwaiver {} let '{}' of {} pass", member(one.as_object(), "waiver"),
                          member(one.as_object(), "code"), member(one.as_object(), "policy"));
  if (std::string review = member(outcome, "break_glass"); !review.empty())
    text += fmt::format("\nmoved against the policies: another user must review this: regesta break-glass review {}",
                        review);
  return text;
}

/// Several versions: all their aliases move, or none.
int promoteTogether(Session& session, const std::vector<Reference>& references) {
  if (session.args.flag("break-glass")) throw UsageError("--break-glass is for one version at a time");
  json::array moves;
  for (const Reference& ref : references)
    moves.push_back(json::object{
        {"kind", ref.kind}, {"name", ref.name}, {"pointer", aliasOf(session, ref, "to")}, {"version", ref.selector}});
  json::object body{{"moves", std::move(moves)}, {"reason", session.args.text("reason")}};
  if (session.args.has("not-before")) body["not_before"] = session.args.text("not-before");
  json::value answer = session.api().post(route({"moves"}), body);
  std::string text;
  const json::array& outcomes = answer.at("moves").as_array();
  for (std::size_t i = 0; i < references.size(); ++i)
    text += (i == 0 ? "" : "\n") +
            moveText(references[i], aliasOf(session, references[i], "to"), outcomes.at(i).as_object());
  return session.said(answer, text);
}

int promoteOne(Session& session, const Reference& ref) {
  std::string alias = aliasOf(session, ref, "to");
  std::string rollout = activeRollout(session, ref, alias);
  json::object outcome = moveAlias(session, ref, alias, ref.selector);
  return session.said(outcome,
                      moveText(ref, alias, outcome) + exceptionText(outcome) + stoppedText(session, ref, rollout));
}

int tryPromotion(Session& session, const Reference& ref) {
  std::string alias = aliasOf(session, ref, "to");
  json::object pointer = {{"kind", ref.kind}, {"name", ref.name}, {"alias", alias}, {"version", ref.selector}};
  json::object answer = session.api().post(route({"policies", "eval"}), json::object{{"pointer", pointer}}).as_object();
  std::string outcome = member(answer, "outcome");
  bool free = outcome == "moved" || outcome == "unchanged";
  if (session.json()) {
    printJson(answer);
  } else {
    fmt::print("{}@{} → {}: {}\n", ref.asset(), ref.selector, alias,
               free ? paint("would move", Colour::green) : paint("would not move", Colour::red));
    if (const json::value* verdict = answer.if_contains("verdict"); verdict && verdict->is_object())
      printVerdict(verdict->get_object(), stdout);
  }
  return free ? Exit::done : Exit::refused;
}

int promote(Session& session) {
  std::vector<Reference> references;
  for (const std::string& text : session.args.all("VERSION")) references.push_back(parseVersionReference(text));
  if (session.args.flag("dry-run")) {
    int code = Exit::done;
    for (const Reference& ref : references) code = std::max(code, tryPromotion(session, ref));
    return code;
  }
  return references.size() == 1 ? promoteOne(session, references.front()) : promoteTogether(session, references);
}

int rollback(Session& session) {
  Reference ref = session.reference("ASSET", {}, Takes::alias);
  std::string alias = aliasOf(session, ref, "alias");
  json::object body = {{"reason", session.args.text("reason")}};
  if (session.args.has("to")) body["to"] = session.args.text("to");
  std::string rollout = activeRollout(session, ref, alias);
  json::object outcome =
      session.api().post(route({"assets", ref.kind, ref.name, "aliases", alias, "rollback"}), body).as_object();
  std::string why = session.args.has("to") ? "is the requested one" : "is the newest other one it pointed to before";
  return session.said(outcome, fmt::format("{}\nversion {} {}{}", moveText(ref, alias, outcome), member(outcome, "to"),
                                           why, stoppedText(session, ref, rollout)));
}

}  // namespace

Commands promoteCommands() {
  return {
      {.path = "promote",
       .summary = "move an alias (production) to a version, through its gate",
       .operands = {{.name = "VERSION",
                     .about = "KIND/NAME@VERSION; without a kind, a model. Several move together or not at all",
                     .many = true}},
       .options = {{"to", "ALIAS", "the alias to move, or stage:NAME (default production)"},
                   {"reason", "TEXT", "reason, stored in the ledger entry", 'm'},
                   {"not-before", "TIME", "RFC 3339 time: a change request carries the move out then"},
                   {"break-glass", "", "move although policies refuse it, and open a review; requires admin"},
                   {"dry-run", "", "only print the gate's decision"}},
       .examples = {"regesta promote loan-risk@3 -m \"fairer and better\"", "regesta promote loan-risk@3 --dry-run",
                    "regesta promote prompt/loan-summary@2 --to staging",
                    "regesta promote loan-risk@3 prompt/loan-summary@2 -m \"the prompt is written for this model\"",
                    "regesta promote loan-risk@3 --not-before 2026-12-07T09:00:00Z -m \"after the freeze\""},
       .run = promote,
       .more = "Exit code 3 if the gate refuses or still requires something; prints every reason and its remediation."},
      {.path = "rollback",
       .summary = "move an alias (production) back to the version it pointed to before",
       .operands = {{"ASSET", "KIND/NAME or KIND/NAME#ALIAS"}},
       .options = {{"alias", "ALIAS", "the alias to move (default production)"},
                   {"to", "VERSION",
                    "an earlier version: a number, SemVer, range or alias (default: the previous one)"},
                   {"reason", "TEXT", "reason, stored in the ledger entry", 'm'}},
       .examples = {"regesta rollback loan-risk -m \"complaints from branch 12\"",
                    "regesta rollback prompt/loan-summary#production --to 1.1.0"},
       .run = rollback},
  };
}

}  // namespace regesta::cli
