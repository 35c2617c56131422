#include "base/text.h"
#include "cli/commands.h"
#include "cli/session.h"

namespace regesta::cli {
namespace {

std::string pathOf(const Session& session, std::string_view verb = {}) {
  const std::string& name = session.args.text("NAME");
  return verb.empty() ? route({"connections", name}) : route({"connections", name, verb});
}

Cell stateCell(const json::object& connection) {
  std::string state = member(connection, "state");
  if (state == "connected") return Cell(state, Colour::green);
  return Cell(state, state == "new" || state == "limited" ? Colour::yellow : Colour::red);
}

int list(Session& session) {
  return session.list(
      route({"connections"}), {}, {"NAME", "TYPE", "STATE", "URL", "PROJECT", "CONNECTED", "PROBLEM"},
      [](const json::object& item) -> std::vector<Cell> {
        return {member(item, "name"),   member(item, "type"),    stateCell(item),
                member(item, "url"),    member(item, "project"), shortTime(member(item, "connected_at")),
                member(item, "problem")};
      },
      "no connections yet; `regesta connection set jira --url URL …` makes one");
}

void printMap(const json::object& connection, const char* name, const char* label) {
  const json::value* map = connection.if_contains(name);
  if (!map || !map->is_object()) return;
  for (const auto& one : map->get_object())
    printFields({{label, fmt::format("{} = {}", std::string_view(one.key()),
                                     std::string(member(map->get_object(), one.key())))}});
}

int show(Session& session) {
  json::value value = session.api().get(pathOf(session));
  return session.show(value, [](const json::object& connection) {
    printFields({{"name", member(connection, "name")},
                 {"type", member(connection, "type")},
                 {"edition", member(connection, "edition")},
                 {"url", member(connection, "url")},
                 {"user", member(connection, "user")},
                 {"project", member(connection, "project")},
                 {"issue type", member(connection, "issue_type")},
                 {"state", member(connection, "state")},
                 {"problem", member(connection, "problem")},
                 {"connected", shortTime(member(connection, "connected_at"))},
                 {"next attempt", shortTime(member(connection, "next_attempt_at"))},
                 {"events to", member(connection, "events_url")}});
    printMap(connection, "statuses", "status");
    printMap(connection, "users", "user");
  });
}

/// Entries of the option over those that are there; an empty value removes one.
void merge(Session& session, json::object& body, const json::object& present, const char* option, const char* name) {
  if (!session.args.has(option)) return;
  json::object merged;
  if (const json::value* map = present.if_contains(name); map && map->is_object()) merged = map->get_object();
  for (const auto& [key, value] : session.args.pairs(option)) {
    if (value.empty())
      merged.erase(key);
    else
      merged[key] = value;
  }
  body[name] = std::move(merged);
}

json::object presentOf(Session& session) {
  try {
    return session.api().get(pathOf(session)).as_object();
  } catch (const Error& failure) {
    if (failure.code == Code::notFound) return {};
    throw;
  }
}

std::string secretIn(Session& session, const char* option) {
  return std::string(trim(readInput(session.args.text(option))));
}

int set(Session& session) {
  json::object present = presentOf(session), body;
  for (auto [option, name] : {std::pair("type", "type"), std::pair("url-to", "url"), std::pair("user", "user"),
                              std::pair("edition", "edition"), std::pair("project", "project"),
                              std::pair("issue-type", "issue_type"), std::pair("field", "field")})
    if (session.args.has(option)) body[name] = session.args.text(option);
  if (session.args.has("token-file")) body["token"] = secretIn(session, "token-file");
  if (session.args.has("webhook-secret-file")) body["webhook_secret"] = secretIn(session, "webhook-secret-file");
  if (auto seconds = session.args.integer("poll")) body["poll_seconds"] = *seconds;
  if (session.args.has("pattern")) {
    json::array patterns;
    for (const std::string& pattern : session.args.all("pattern")) patterns.emplace_back(pattern);
    body["patterns"] = std::move(patterns);
  }
  json::object statuses = present;
  bool jira = session.args.has("type") ? session.args.text("type") == "jira" : session.args.text("NAME") == "jira";
  if (present.empty() && jira) statuses["statuses"] = json::object{{"approve", "Approved"}, {"reject", "Rejected"}};
  merge(session, body, statuses, "status", "statuses");
  merge(session, body, present, "map", "users");
  if (session.args.flag("start")) body["active"] = true;
  if (session.args.flag("stop")) body["active"] = false;
  if (body.empty()) throw UsageError("give what to set, for example --url-to, --project, --token-file or --map");
  json::object made = session.api().put(pathOf(session), body).as_object();
  std::string secret = member(made, "webhook_secret");
  if (!session.json() && !secret.empty())
    fmt::print(stderr, "for a webhook to {}; its secret is shown once:\n", member(made, "events_url"));
  return session.said(made, secret.empty() ? fmt::format("set connection {}", member(made, "name")) : secret);
}

int test(Session& session) {
  json::object answer = session.api().post(pathOf(session, "test")).as_object();
  bool connected = member(answer, "connected") == "true";
  session.said(answer, connected ? fmt::format("connected as {} (account {})", printable(member(answer, "name")),
                                               printable(member(answer, "account")))
                                 : fmt::format("not connected: {}", printable(member(answer, "problem"))));
  return connected ? Exit::done : Exit::failed;
}

int remove(Session& session) {
  session.confirmRemoval(fmt::format("connection {} with its links to issues", session.args.text("NAME")));
  json::value answer = session.api().remove(pathOf(session));
  return session.said(answer, fmt::format("deleted connection {}", session.args.text("NAME")));
}

}  // namespace

Commands connectionCommands() {
  Operand name = {"NAME", "name of the connection"};
  return {
      {.path = "connection list",
       .summary = "list connections with their state and last error",
       .examples = {"regesta connection list"},
       .run = list},
      {.path = "connection show",
       .summary = "show a connection, without its secrets",
       .operands = {name},
       .examples = {"regesta connection show jira"},
       .run = show},
      {.path = "connection set",
       .summary = "connect a program in which people review, or change its settings",
       .operands = {name},
       .options =
           {{"type", "TYPE", "jira, servicenow, slack or teams (default: the name)"},
            {"url-to", "URL", "address of the program, for example https://example.atlassian.net"},
            {"user", "EMAIL", "account of the token, for JIRA Cloud and ServiceNow"},
            {"token-file", "FILE",
             "API token, personal access token, password in ServiceNow, bot token of Slack, or URL of the webhook of "
             "Teams"},
            {"edition", "EDITION", "cloud or data-center (default: by the URL)"},
            {"project", "KEY",
             "project for the issues; ID of the channel in Slack; sys_id of the assignment group in ServiceNow"},
            {"issue-type", "NAME", "type of the issues (default: Task), or of the changes in ServiceNow"},
            {"pattern", "KIND/NAME", "assets, for example model/loan-* (default: every asset)", 0, false, true},
            {"status", "MEANING=NAME",
             "status for open, approve, approve:ROLE, reject, applied, rejected, withdrawn, stale or expired; no name: "
             "none",
             0, false, true},
            {"field", "FIELD", "field whose values are reviews (default: status; approval in ServiceNow)"},
            {"map", "ACCOUNT=USER", "user of an account ID; no user: none. For server administrators", 0, false, true},
            {"webhook-secret-file", "FILE",
             "secret of the program's webhook (default: one is made); signing secret of Slack"},
            {"poll", "SECONDS", "pause between two looks at an issue (default: 60)"},
            {"start", "", "go on after --stop"},
            {"stop", "", "exchange nothing until started again"}},
       .examples = {"regesta connection set jira --url-to https://example.atlassian.net --user bot@example.org "
                    "--token-file token --project ML --map 5b10ac8d82e05b22cc7d4ef5=rita",
                    "regesta connection set slack --project C0123ABCD --token-file token --webhook-secret-file secret "
                    "--map U0123ABCD=rita",
                    "regesta connection set servicenow --url-to https://example.service-now.com --user regesta.bot "
                    "--token-file password --map 62826bf03710200044e0bfc8bcbe5df1=rita"},
       .run = set,
       .more = "Options that are left out keep their values."},
      {.path = "connection test",
       .summary = "sign in to the program and print the account",
       .operands = {name},
       .examples = {"regesta connection test jira"},
       .run = test},
      {.path = "connection delete",
       .summary = "delete a connection; its issues stay",
       .operands = {name},
       .options = {yesOption},
       .examples = {"regesta connection delete jira --yes"},
       .run = remove},
  };
}

}  // namespace regesta::cli
