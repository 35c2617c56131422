// regesta incident: a version that was found to be flawed, from its discovery to the report.
#include "cli/commands.h"
#include "cli/session.h"

namespace regesta::cli {
namespace {

std::vector<json::object> items(const json::object& from, std::string_view name) {
  std::vector<json::object> list;
  if (const json::value* found = from.if_contains(name); found && found->is_array())
    for (const json::value& one : found->get_array()) list.push_back(one.as_object());
  return list;
}

/// Texts of a list, or one member of each object in it.
std::string joinedItems(const json::object& from, std::string_view name, std::string_view of = {}) {
  std::string text;
  const json::value* found = from.if_contains(name);
  if (!found || !found->is_array()) return text;
  for (const json::value& one : found->get_array())
    text += fmt::format("{}{}", text.empty() ? "" : ", ",
                        of.empty() ? std::string(one.as_string()) : member(one.as_object(), of));
  return text;
}

void printPromotions(const json::object& from) {
  Table table({"POINTER", "WHEN", "BY", "RESULT", "POLICIES", "EVIDENCE", "APPROVED BY", "DECISION"});
  for (const json::object& item : items(from, "promotions"))
    table.row({member(item, "pointer"), shortTime(member(item, "at")), member(item, "by"),
               member(item, "moved") == "true" ? Cell("moved") : Cell("refused", Colour::yellow),
               joinedItems(item, "policies"), joinedItems(item, "evidence", "type"),
               joinedItems(item, "approvals", "by"), member(item, "decision").substr(0, 12)});
  table.print("no alias or stage was moved to it");
}

void printUsed(const json::object& facts) {
  Table table({"USED BY", "COUNT", "FIRST", "LAST"});
  for (auto [name, title] : {std::pair{"traces", "traces"}, {"runs", "runs"}, {"records", "decision records"}}) {
    const json::object& use = memberObject(memberObject(facts, "used"), name);
    table.row({title, member(use, "count"), shortTime(member(use, "first_at")), shortTime(member(use, "last_at"))});
  }
  table.print("");
}

void printIncident(const json::object& answer) {
  const json::object &incident = memberObject(answer, "incident"), &facts = memberObject(answer, "facts");
  bool isOpen = member(incident, "status") == "open";
  printFields(
      {{"incident", member(incident, "id")},
       {"version", member(incident, "version")},
       {"status", paint(member(incident, "status"), isOpen ? Colour::red : Colour::green)},
       {"reason", printable(member(incident, "reason"))},
       {"opened", fmt::format("{} by {}", shortTime(member(incident, "opened_at")), member(incident, "opened_by"))},
       {"closed",
        member(incident, "closed_at").empty()
            ? ""
            : fmt::format("{} by {}", shortTime(member(incident, "closed_at")), member(incident, "closed_by"))},
       {"conclusion", printable(member(incident, "conclusion"))},
       {"mitigation", member(incident, "mitigation")},
       {"report", member(incident, "report").empty() ? "" : "evidence " + member(incident, "report")},
       {"registered", fmt::format("{} by {}", shortTime(member(memberObject(facts, "version"), "registered_at")),
                                  member(memberObject(facts, "version"), "registered_by"))},
       {"run", member(memberObject(facts, "version"), "run")},
       {"served then", joinedItems(facts, "serving", "pointer")},
       {"serves now", joinedItems(answer, "serving", "pointer")}});
  fmt::print("\n{}\n", paint("Promotions", Colour::bold));
  printPromotions(facts);
  fmt::print("\n");
  printUsed(facts);
  if (auto related = items(facts, "related"); !related.empty()) {
    fmt::print("\n");
    Table table({"RELATED", "RELATION", "SHARES"});
    for (const json::object& item : related)
      table.row({member(item, "node"), member(item, "relation"), joinedItems(item, "shares")});
    table.print("");
  }
  if (member(answer, "withheld") == "true") fmt::print("names that you may not read are left out\n");
  fmt::print("\n{}\n", paint("What was done", Colour::bold));
  for (const json::object& note : items(answer, "notes"))
    fmt::print("  {} {} {}: {}\n", shortTime(member(note, "at")), member(note, "by"),
               member(note, "kind") == "problem" ? paint("problem", Colour::yellow) : member(note, "kind"),
               printable(member(note, "text")));
  if (const json::object& mitigation = memberObject(answer, "mitigation"); !mitigation.empty()) {
    fmt::print("\n{} {}\n", paint("Mitigation", Colour::bold), member(mitigation, "subject"));
    Table table({"EVIDENCE", "TYPE", "VERIFIED", "BY"});
    for (const json::object& item : items(mitigation, "evidence"))
      table.row({member(item, "id"), member(item, "type"), member(item, "verified") == "true" ? "yes" : "no",
                 member(item, "by")});
    table.print("no evidence yet");
    printPromotions(mitigation);
  }
}

std::string incidentRoute(const Session& session, std::string_view action = {}) {
  if (action.empty()) return route({"incidents", session.args.text("ID")});
  return route({"incidents", session.args.text("ID"), action});
}

int showAnswer(Session& session, const json::value& answer) { return session.show(answer, printIncident); }

int open(Session& session) {
  const Arguments& args = session.args;
  Reference version = session.version();
  json::object body{{"kind", version.kind},
                    {"name", version.name},
                    {"version", version.selector},
                    {"reason", args.text("reason")},
                    {"rollback", !args.flag("no-rollback")}};
  if (args.has("require-policy")) {
    std::string policy = args.text("require-policy");
    std::size_t at = policy.find('@');
    body["require_policy"] = policy.substr(0, at);
    if (at != std::string::npos) body["policy_selector"] = policy.substr(at + 1);
  }
  return showAnswer(session, session.api().post("/api/v1/incidents", body));
}

int list(Session& session) {
  Api::Query query{{"status", session.args.text("status")}};
  if (!session.args.text("ASSET").empty()) {
    Reference ref = session.reference();
    query.push_back({"kind", ref.kind});
    query.push_back({"name", ref.name});
  }
  return session.list(
      "/api/v1/incidents", query, {"ID", "VERSION", "STATUS", "OPENED", "BY", "REASON", "MITIGATION"},
      [](const json::object& item) -> std::vector<Cell> {
        bool isOpen = member(item, "status") == "open";
        return {member(item, "id"),
                member(item, "version"),
                Cell(member(item, "status"), isOpen ? Colour::red : Colour::none),
                shortTime(member(item, "opened_at")),
                member(item, "opened_by"),
                member(item, "reason"),
                member(item, "mitigation")};
      },
      "no incidents");
}

int show(Session& session) { return showAnswer(session, session.api().get(incidentRoute(session))); }

int note(Session& session) {
  json::value answer =
      session.api().post(incidentRoute(session, "notes"), json::object{{"text", session.args.text("TEXT")}});
  return session.said(answer, fmt::format("added a note to incident {}", session.args.text("ID")));
}

int mitigate(Session& session) {
  Reference version = session.version();
  json::object incident = session.api().get(incidentRoute(session)).as_object();
  std::string flawed = member(memberObject(incident, "incident"), "version");
  std::string asset = flawed.substr(0, flawed.rfind('@'));
  if (asset != fmt::format("{}/{}", version.kind, version.name))
    throw UsageError(fmt::format("VERSION must be a version of {}", asset));
  return showAnswer(
      session, session.api().post(incidentRoute(session, "mitigation"), json::object{{"version", version.selector}}));
}

int rollBack(Session& session) { return showAnswer(session, session.api().post(incidentRoute(session, "rollback"))); }

int close(Session& session) {
  const Arguments& args = session.args;
  json::value answer = session.api().post(incidentRoute(session, "close"),
                                          json::object{{"status", args.flag("dismiss") ? "dismissed" : "resolved"},
                                                       {"conclusion", args.text("conclusion")},
                                                       {"report", args.flag("report")}});
  const json::object& incident = memberObject(answer.as_object(), "incident");
  std::string filed = member(incident, "report");
  return session.said(answer, fmt::format("incident {} is {}{}", member(incident, "id"), member(incident, "status"),
                                          filed.empty() ? "" : "; its report is evidence " + filed));
}

int report(Session& session) {
  const Arguments& args = session.args;
  std::string format = args.has("format") ? args.text("format") : "markdown";
  return session.deliver(session.api().text(incidentRoute(session, "report") + "?format=" + format), "file");
}

}  // namespace

Commands incidentCommands() {
  Operand id = {"ID", "number of the incident"};
  return {
      {.path = "incident open",
       .summary = "take a flawed version out of service and collect what is known about it",
       .operands = {{"VERSION", "KIND/NAME@VERSION"}},
       .options = {{"reason", "TEXT", "what is wrong, stored in the ledger", 'm', true},
                   {"no-rollback", "", "leave the aliases and stages that point to it"},
                   {"require-policy", "NAME[@VERSION]",
                    "bind this policy to the asset's protected aliases and stages (default version: latest)"}},
       .examples =
           {"regesta incident open model/loan-risk@production --reason \"refuses everybody below 25\"",
            "regesta incident open prompt/support@4 --reason \"invents refunds\" --require-policy card-complete"},
       .run = open,
       .more = "The version is in quarantine from then on: no alias, stage or rollout takes it. Rollouts that serve it "
               "end, and aliases and stages that point to it are rolled back through the gate. For users and tokens "
               "that may write "
               "the asset or approve its changes, and for auditors."},
      {.path = "incident list",
       .summary = "list incidents",
       .operands = {{"ASSET", "KIND/NAME", false}},
       .options = {{"status", "STATUS", "open, resolved or dismissed (default: all)"}},
       .examples = {"regesta incident list --status open"},
       .run = list},
      {.path = "incident show",
       .summary = "show an incident: promotions, approvals, evidence, use and related versions",
       .operands = {id},
       .examples = {"regesta incident show 3"},
       .run = show},
      {.path = "incident note",
       .summary = "add a note to an incident",
       .operands = {id, {"TEXT", "the note"}},
       .examples = {"regesta incident note 3 \"the training data lacks applicants below 25\""},
       .run = note},
      {.path = "incident mitigate",
       .summary = "name the version that replaces the flawed one",
       .operands = {id, {"VERSION", "KIND/NAME@VERSION of the same asset"}},
       .examples = {"regesta incident mitigate 3 model/loan-risk@8"},
       .run = mitigate},
      {.path = "incident rollback",
       .summary = "roll back what still points to the version of an incident",
       .operands = {id},
       .examples = {"regesta incident rollback 3"},
       .run = rollBack},
      {.path = "incident close",
       .summary = "close an incident",
       .operands = {id},
       .options = {{"conclusion", "TEXT", "what was found, stored in the ledger", 'm', true},
                   {"report", "", "file the report as evidence of the version"},
                   {"dismiss", "", "the version was not flawed: lift its quarantine"}},
       .examples = {"regesta incident close 3 --conclusion \"retrained on complete data\" --report"},
       .run = close,
       .more =
           "Without --dismiss the version is archived and stays in quarantine. For users who may approve and are not "
           "authors of the version or of its mitigation."},
      {.path = "incident report",
       .summary = "print the report of an incident",
       .operands = {id},
       .options = {{"format", "FORMAT", "markdown (default) or html"},
                   {"output", "FILE", "write it to a file (default: print it)", 'o'}},
       .examples = {"regesta incident report 3 --format html --output incident-3.html"},
       .run = report},
  };
}

}  // namespace regesta::cli
