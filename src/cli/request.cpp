#include "cli/commands.h"
#include "cli/pointer_move.h"
#include "cli/refusal.h"

namespace regesta::cli {
namespace {

std::string path(const Session& session, std::string_view verb = {}) {
  const std::string& id = session.args.text("ID");
  return verb.empty() ? route({"change-requests", id}) : route({"change-requests", id, verb});
}

std::string subjectOf(const json::object& request) {
  return fmt::format("{}/{}#{}", member(request, "kind"), member(request, "name"), member(request, "pointer"));
}

Colour statusColour(const std::string& status) {
  if (status == "open") return Colour::yellow;
  if (status == "applied") return Colour::green;
  return status == "rejected" ? Colour::red : Colour::dim;
}

int list(Session& session) {
  std::string status = session.args.flag("all")     ? ""
                       : session.args.has("status") ? session.args.text("status")
                                                    : "open";
  return session.list(
      route({"change-requests"}), {{"status", status}}, {"ID", "STATUS", "POINTER", "TO", "BY", "OPENED", "REASON"},
      [](const json::object& item) -> std::vector<Cell> {
        std::string state = member(item, "status");
        return {member(item, "id"),      {state, statusColour(state)}, subjectOf(item),
                member(item, "version"), member(item, "requested_by"), shortTime(member(item, "opened_at")),
                member(item, "reason")};
      },
      status.empty() ? "there are no change requests" : fmt::format("there are no {} change requests", status));
}

void printComments(Session& session) {
  constexpr std::size_t shown = 1000;
  session.api().each(path(session, "comments"), {}, shown, [](const json::object& comment) {
    std::string place = member(comment, "place");
    fmt::print("\n{}  {}{}\n{}\n", paint(printable(member(comment, "user")), Colour::bold),
               paint(shortTime(member(comment, "at")), Colour::dim), place.empty() ? "" : "  on " + printable(place),
               printable(member(comment, "body")));
  });
}

void printTickets(const json::object& request) {
  const json::value* tickets = request.if_contains("tickets");
  if (!tickets || !tickets->is_array()) return;
  for (const json::value& value : tickets->get_array()) {
    const json::object& ticket = value.as_object();
    std::string problem = member(ticket, "problem");
    fmt::print("  {} {}  {}{}\n", paint("review in", Colour::bold), printable(member(ticket, "key")),
               printable(member(ticket, "url")), problem.empty() ? "" : "  " + paint(printable(problem), Colour::red));
  }
}

/// The subject of an approval: the requested version with its present description.
void printCandidate(Session& session, const json::object& request) {
  std::string number = member(request, "version");
  if (number.empty() || number == "0") return;
  json::value version =
      session.api().get(route({"assets", member(request, "kind"), member(request, "name"), "versions", number}));
  printFields({{"digest", member(request, "digest")},
               {"description", member(version.as_object(), "description")},
               {"decision", member(request, "decision")}});
}

std::string onBehalf(const json::object& approval) {
  std::string who = member(approval, "on_behalf_of");
  return who.empty() ? who : fmt::format(" on behalf of {}", printable(who));
}

/// The other change requests that are carried out with this one.
std::string setText(const json::object& request) {
  std::string text;
  for (const json::value& id : memberArray(request, "together"))
    text += (text.empty() ? "change request " : ", ") + json::serialize(id);
  return text;
}

int show(Session& session) {
  json::value value = session.api().get(path(session));
  return session.show(value, [&](const json::object& request) {
    std::string state = member(request, "status");
    fmt::print("{} {}  {} → version {}  {}\n", paint("change request", Colour::bold), member(request, "id"),
               subjectOf(request), member(request, "version"), paint(state, statusColour(state)));
    printFields({{"requested by", member(request, "requested_by")},
                 {"opened", shortTime(member(request, "opened_at"))},
                 {"reason", member(request, "reason")},
                 {"not before", shortTime(member(request, "not_before"))},
                 {"together with", setText(request)},
                 {"outcome", member(request, "closed_reason")}});
    if (state == "open") printCandidate(session, request);
    if (const json::value* verdict = request.if_contains("verdict"); verdict && verdict->is_object())
      printVerdict(verdict->get_object(), stdout);
    const json::value* approvals = request.if_contains("approvals");
    if (approvals && approvals->is_array())
      for (const json::value& approval : approvals->get_array())
        fmt::print("  {} {}{}  {}\n", paint("approved", Colour::green), printable(member(approval.as_object(), "user")),
                   onBehalf(approval.as_object()), printable(member(approval.as_object(), "comment")));
    printTickets(request);
    printComments(session);
  });
}

json::object comment(const Session& session) {
  json::object body = {{"comment", session.args.text("comment")}};
  if (session.args.has("role")) body["role"] = session.args.text("role");
  if (session.args.has("for")) body["on_behalf_of"] = session.args.text("for");
  return body;
}

/// Sends the shown decision, so that a newer one is not approved unseen.
int approve(Session& session) {
  json::value value = session.api().get(path(session));
  const json::object& request = value.as_object();
  json::object body = comment(session);
  if (member(request, "status") == "open") {
    body["decision"] = member(request, "decision");
    if (!session.json()) {
      fmt::print("{} → version {}\n", printable(subjectOf(request)), member(request, "version"));
      printCandidate(session, request);
    }
  }
  json::object outcome = session.api().post(path(session, "approve"), body).as_object();
  std::string id = session.args.text("ID");
  if (session.json()) return session.said(outcome, "");
  if (member(outcome, "outcome") == "moved") {
    std::string subject = member(outcome, "subject");
    fmt::print("approved change request {}; {} now points to version {}\n", id,
               subject.empty() ? "the alias" : printable(subject), member(outcome, "to"));
    return Exit::done;
  }
  fmt::print("approved change request {}; it still waits for:\n", id);
  if (const json::value* verdict = outcome.if_contains("verdict"); verdict && verdict->is_object())
    printVerdict(verdict->get_object(), stdout, true);
  return Exit::done;
}

int reject(Session& session) {
  json::value answer = session.api().post(path(session, "reject"), comment(session));
  return session.said(answer, fmt::format("rejected change request {}", session.args.text("ID")));
}

int withdraw(Session& session) {
  json::value answer = session.api().post(path(session, "withdraw"), comment(session));
  return session.said(answer, fmt::format("withdrew change request {}", session.args.text("ID")));
}

int say(Session& session) {
  json::object body{{"body", session.args.text("text")}};
  if (session.args.has("place")) body["place"] = session.args.text("place");
  json::value answer = session.api().post(path(session, "comments"), body);
  return session.said(answer, fmt::format("commented on change request {}", session.args.text("ID")));
}

}  // namespace

Commands requestCommands() {
  Operand id = {"ID", "the change request's number"};
  Option text = {"comment", "TEXT", "comment, stored with the decision", 'm'};
  Option represented = {"for", "USER", "on behalf of this user, whose delegate you are"};
  return {
      {.path = "request list",
       .summary = "list change requests",
       .options = {{"status", "STATUS", "open (default), applied, rejected, withdrawn or stale"},
                   {"all", "", "include every status"},
                   {"limit", "N", "maximum number of results"}},
       .examples = {"regesta request list", "regesta request list --all --json"},
       .run = list},
      {.path = "request show",
       .summary = "show a change request: violations, met and missing requirements",
       .operands = {id},
       .examples = {"regesta request show 4"},
       .run = show},
      {.path = "request withdraw",
       .summary = "withdraw your change request",
       .operands = {id},
       .options = {text},
       .examples = {"regesta request withdraw 4 -m \"a better one comes\""},
       .run = withdraw},
      {.path = "request comment",
       .summary = "comment on a change request",
       .operands = {id},
       .options = {{.name = "text", .value = "TEXT", .about = "Markdown", .letter = 'm', .required = true},
                   {"place", "SIDE:TEXT:LINE", "a line of the diff: new or old, the text and its line from 1"}},
       .examples = {"regesta request comment 4 -m \"is the holdout from this year?\""},
       .run = say},
      {.path = "approve",
       .summary = "approve a change request",
       .operands = {id},
       .options = {text,
                   {"role", "ROLE", "approve only in this role (default: every role you hold there)"},
                   represented},
       .examples = {"regesta approve 4 --role risk -m \"checked the fairness report\""},
       .run = approve,
       .more = "If it was the last missing approval, the alias moves at once."},
      {.path = "reject",
       .summary = "reject a change request",
       .operands = {id},
       .options = {text, represented},
       .examples = {"regesta reject 4 -m \"the sample is too small\""},
       .run = reject},
  };
}

}  // namespace regesta::cli
