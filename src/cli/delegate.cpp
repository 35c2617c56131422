// regesta delegate: who reviews change requests while an approver is away.
#include "base/time.h"
#include "cli/commands.h"
#include "cli/session.h"

namespace regesta::cli {
namespace {

std::string endOf(const Session& session, std::string_view start) {
  bool until = session.args.has("until"), days = session.args.has("days");
  if (until == days) throw UsageError("give --days or --until, and only one of them");
  if (until) return session.args.text("until");
  std::int64_t from = start.empty() ? nowMillis() : parseTime(start).value_or(nowMillis());
  return formatTime(from + *session.args.integer("days") * 24 * 3600 * 1000);
}

std::string rolesText(const json::object& item) {
  std::string role = member(item, "role");
  return role.empty() ? "every role" : role;
}

int add(Session& session) {
  std::string from = session.args.has("from") ? session.args.text("from") : std::string();
  json::object body{{"delegate", session.args.text("USER")}, {"ends_at", endOf(session, from)}};
  if (!from.empty()) body["starts_at"] = from;
  for (std::string_view option : {"role", "reason"})
    if (session.args.has(option)) body[option] = session.args.text(option);
  json::object made = session.api().post(route({"delegates"}), body).as_object();
  return session.said(made, fmt::format("{} can approve on your behalf ({}) from {} until {}; delegate {}",
                                        member(made, "delegate"), rolesText(made), shortTime(member(made, "starts_at")),
                                        shortTime(member(made, "ends_at")), member(made, "id")));
}

int list(Session& session) {
  return session.list(
      route({"delegates"}), {}, {"ID", "FOR", "DELEGATE", "ROLE", "FROM", "UNTIL", "STATE"},
      [](const json::object& item) -> std::vector<Cell> {
        bool inForce = member(item, "in_force") == "true";
        return {member(item, "id"),
                member(item, "delegator"),
                member(item, "delegate"),
                rolesText(item),
                shortTime(member(item, "starts_at")),
                shortTime(member(item, "ends_at")),
                Cell(inForce ? "in force" : member(item, "why"), inForce ? Colour::green : Colour::none)};
      },
      "no delegates");
}

int remove(Session& session) {
  json::object gone =
      session.api().post(route({"delegates", session.args.text("ID"), "remove"}), json::object()).as_object();
  return session.said(gone, fmt::format("{} can no longer approve on behalf of {}", member(gone, "delegate"),
                                        member(gone, "delegator")));
}

}  // namespace

Commands delegateCommands() {
  Operand id = {"ID", "the number in the list"};
  return {
      {.path = "delegate add",
       .summary = "let another user approve change requests on your behalf while you are away",
       .operands = {{"USER", "name of the user"}},
       .options = {{"days", "N", "days until it ends, at most 90"},
                   {"until", "TIME", "ends then (RFC 3339)"},
                   {"from", "TIME", "starts then (RFC 3339; default: now)"},
                   {"role", "ROLE", "only in this role (default: each approval role that you hold)"},
                   {"reason", "TEXT", "reason, stored in the ledger", 'm'}},
       .examples = {"regesta delegate add bob --days 14 -m \"on holiday\"",
                    "regesta delegate add bob --role risk --from 2027-08-02T00:00:00Z --until 2027-08-16T00:00:00Z"},
       .run = add,
       .more = "Neither of you can approve a version that the other made. Roles that were delegated to you, and the "
               "role admin, "
               "are not passed on."},
      {.path = "delegate list",
       .summary = "list delegates, newest first",
       .examples = {"regesta delegate list"},
       .run = list},
      {.path = "delegate remove",
       .summary = "end a delegate's right before its time",
       .operands = {id},
       .examples = {"regesta delegate remove 3"},
       .run = remove,
       .more = "For the approver, the delegate, and administrators. Approvals given before stay."},
  };
}

}  // namespace regesta::cli
