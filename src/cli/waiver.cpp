// regesta waiver, regesta break-glass: exceptions from policies, asked for before or reviewed afterwards.
#include "base/time.h"
#include "cli/commands.h"
#include "cli/session.h"

namespace regesta::cli {
namespace {

std::string waiverPath(const Session& session, std::string_view verb = {}) {
  const std::string& id = session.args.text("ID");
  return verb.empty() ? route({"waivers", id}) : route({"waivers", id, verb});
}

std::string scopeText(const json::object& waiver) {
  std::string kind = member(waiver, "kind"), version = member(waiver, "version"), policy = member(waiver, "policy");
  return fmt::format("{}/{}{}#{}: {}{}", kind, member(waiver, "name_pattern"),
                     version == "0" || version.empty() ? "" : "@" + version, member(waiver, "pointer"),
                     policy.empty() ? "" : policy + "/", member(waiver, "code"));
}

std::string stateText(const json::object& waiver) {
  return member(waiver, "in_force") == "true" ? "in force" : member(waiver, "why");
}

std::string expiryOf(const Session& session) {
  bool until = session.args.has("until"), days = session.args.has("days");
  if (until == days) throw UsageError("give --days or --until, and only one of them");
  if (until) return session.args.text("until");
  return formatTime(nowMillis() + *session.args.integer("days") * 24 * 3600 * 1000);
}

int request(Session& session) {
  const Arguments& args = session.args;
  json::object body{{"code", args.text("CODE")},
                    {"pointer", args.has("to") ? args.text("to") : "production"},
                    {"reason", args.text("reason")},
                    {"expires_at", expiryOf(session)}};
  bool pattern = args.has("pattern");
  if (args.text("ASSET").empty() != pattern) throw UsageError("give an asset or --pattern, and only one of them");
  if (pattern) {
    body["name_pattern"] = args.text("pattern");
    if (args.has("kind")) body["kind"] = args.text("kind");
  } else {
    Reference ref = session.reference("ASSET", {}, Takes::version);
    body["kind"] = ref.kind;
    body["name_pattern"] = ref.name;
    if (!ref.selector.empty()) body["version"] = ref.selector;
  }
  for (std::string_view option : {"policy", "role"})
    if (args.has(option)) body[option] = args.text(option);
  json::object made = session.api().post(route({"waivers"}), body).as_object();
  return session.said(made, fmt::format("requested waiver {} for {}; another user who holds the role '{}' approves it: "
                                        "regesta waiver approve {}",
                                        member(made, "id"), scopeText(made), member(made, "role"), member(made, "id")));
}

int approve(Session& session) {
  json::object body;
  if (session.args.has("comment")) body["comment"] = session.args.text("comment");
  json::object made = session.api().post(waiverPath(session, "approve"), body).as_object();
  return session.said(made, fmt::format("approved waiver {} for {} until {}", member(made, "id"), scopeText(made),
                                        shortTime(member(made, "expires_at"))));
}

int revoke(Session& session) {
  json::object made = session.api()
                          .post(waiverPath(session, "revoke"), json::object{{"reason", session.args.text("reason")}})
                          .as_object();
  return session.said(made, fmt::format("revoked waiver {} for {}", member(made, "id"), scopeText(made)));
}

int list(Session& session) {
  Api::Query query;
  if (session.args.has("status")) query.push_back({"status", session.args.text("status")});
  return session.list(
      route({"waivers"}), query, {"ID", "WAIVES", "STATE", "EXPIRES", "REQUESTED BY", "APPROVED BY", "REASON"},
      [](const json::object& item) -> std::vector<Cell> {
        bool inForce = member(item, "in_force") == "true";
        return {member(item, "id"),
                scopeText(item),
                Cell(stateText(item), inForce ? Colour::yellow : Colour::none),
                shortTime(member(item, "expires_at")),
                member(item, "requested_by"),
                member(item, "approved_by"),
                member(item, "reason")};
      },
      "no waivers");
}

int show(Session& session) {
  json::object waiver = session.api().get(waiverPath(session)).as_object();
  if (session.json()) {
    printJson(waiver);
    return Exit::done;
  }
  auto step = [&](std::string_view name) {
    std::string at = member(waiver, fmt::format("{}_at", name));
    return at.empty() ? "" : fmt::format("{} by {}", shortTime(at), member(waiver, fmt::format("{}_by", name)));
  };
  printFields({{"waiver", member(waiver, "id")},
               {"waives", printable(scopeText(waiver))},
               {"state", stateText(waiver)},
               {"role", member(waiver, "role")},
               {"reason", printable(member(waiver, "reason"))},
               {"expires", shortTime(member(waiver, "expires_at"))},
               {"requested", step("requested")},
               {"approved", step("approved")},
               {"revoked", step("revoked")},
               {"note", printable(member(waiver, "note"))}});
  return Exit::done;
}

int listReviews(Session& session) {
  Api::Query query;
  if (!session.args.flag("all")) query.push_back({"status", "open"});
  return session.list(
      route({"break-glass"}), query, {"ID", "POINTER", "TO", "BY", "WHEN", "STATUS", "REASON"},
      [](const json::object& item) -> std::vector<Cell> {
        bool overdue = member(item, "overdue") == "true";
        std::string status = member(item, "status");
        return {member(item, "id"),
                fmt::format("{}/{}#{}", member(item, "kind"), member(item, "name"), member(item, "pointer")),
                member(item, "to"),
                member(item, "used_by"),
                shortTime(member(item, "used_at")),
                Cell(overdue ? "overdue" : status, status == "open" ? Colour::red : Colour::none),
                member(item, "reason")};
      },
      "no moves against the policies wait for a review");
}

int review(Session& session) {
  bool objects = session.args.flag("object");
  json::object made = session.api()
                          .post(route({"break-glass", session.args.text("ID"), "review"}),
                                json::object{{"status", objects ? "objected" : "accepted"},
                                             {"conclusion", session.args.text("comment")}})
                          .as_object();
  std::string next = objects ? fmt::format("; the pointer has not moved: regesta rollback {}/{}#{}",
                                           member(made, "kind"), member(made, "name"), member(made, "pointer"))
                             : "";
  return session.said(
      made, fmt::format("{} the move of {}/{}#{} to version {}{}", objects ? "objected to" : "accepted",
                        member(made, "kind"), member(made, "name"), member(made, "pointer"), member(made, "to"), next));
}

}  // namespace

Commands waiverCommands() {
  Operand id = {"ID", "the waiver's number"}, number = {"ID", "the review's number"};
  return {
      {.path = "waiver request",
       .summary = "ask for a violation of a policy to pass until a date",
       .operands = {{"CODE", "the violation's code"}, {"ASSET", "KIND/NAME or KIND/NAME@VERSION", false}},
       .options = {{"reason", "TEXT", "reason, stored in the ledger", 'm', true},
                   {"days", "N", "days until it expires, at most 366"},
                   {"until", "TIME", "RFC 3339 time at which it expires"},
                   {"to", "ALIAS", "the alias, or stage:NAME (default production)"},
                   {"policy", "NAME", "only violations of this policy (default: every policy)"},
                   {"role", "ROLE", "role in which it is approved (default approver)"},
                   {"pattern", "GLOB", "names of assets, for example 'loan-*'"},
                   {"kind", "KIND", "with --pattern: only this kind of asset (default: every kind)"}},
       .examples =
           {"regesta waiver request fairness model/loan-risk@3 --days 14 --role risk -m \"audit data is late\"",
            "regesta waiver request no-card --pattern 'trial-*' --kind model --to staging --days 30 -m \"pilot\""},
       .run = request,
       .more = "Another user, who holds the role, approves it. Missing approvals and evidence, rules of the registry "
               "itself, and the quarantine cannot be waived."},
      {.path = "waiver approve",
       .summary = "approve a waiver that another user requested",
       .operands = {id},
       .options = {{"comment", "TEXT", "comment, stored in the ledger", 'm'}},
       .examples = {"regesta waiver approve 4 -m \"until the audit\""},
       .run = approve},
      {.path = "waiver revoke",
       .summary = "end a waiver, or refuse or withdraw a requested one",
       .operands = {id},
       .options = {{"reason", "TEXT", "reason, stored in the ledger", 'm', true}},
       .examples = {"regesta waiver revoke 4 -m \"the data arrived\""},
       .run = revoke},
      {.path = "waiver list",
       .summary = "list waivers, newest first",
       .options = {{"status", "STATUS", "requested, approved or revoked (default: all)"}},
       .examples = {"regesta waiver list --status requested"},
       .run = list},
      {.path = "waiver show",
       .summary = "show a waiver",
       .operands = {id},
       .examples = {"regesta waiver show 4"},
       .run = show},
      {.path = "break-glass list",
       .summary = "list moves against the policies that wait for a review",
       .options = {{"all", "", "include reviewed ones"}},
       .examples = {"regesta break-glass list"},
       .run = listReviews},
      {.path = "break-glass review",
       .summary = "review a move that was made against the policies",
       .operands = {number},
       .options = {{"comment", "TEXT", "conclusion, stored in the ledger", 'm', true},
                   {"object", "", "the move was wrong (default: it was right)"}},
       .examples = {"regesta break-glass review 2 -m \"the outage required it\""},
       .run = review,
       .more = "For users who may approve, did not make the move, and are not authors of the version."},
  };
}

}  // namespace regesta::cli
