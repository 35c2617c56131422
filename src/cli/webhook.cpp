#include "base/text.h"
#include "cli/commands.h"
#include "cli/session.h"

namespace regesta::cli {
namespace {

std::string idOf(const Session& session) { return session.args.text("ID"); }

Cell state(const json::object& webhook) {
  if (member(webhook, "active") != "true") return Cell("stopped", Colour::red);
  return member(webhook, "problem").empty() ? Cell("active", Colour::green) : Cell("retrying", Colour::yellow);
}

/// "Name: value", as curl writes it.
json::object headersOf(const Session& session) {
  json::object headers;
  for (const std::string& text : session.args.all("header")) {
    std::size_t colon = text.find(':');
    if (colon == std::string::npos || colon == 0)
      throw UsageError(fmt::format("--header is written \"Name: value\", not \"{}\"", text));
    headers[text.substr(0, colon)] = trim(std::string_view(text).substr(colon + 1));
  }
  return headers;
}

void addShape(const Session& session, json::object& body) {
  if (session.args.has("kind")) {
    json::array kinds;
    for (const std::string& kind : session.args.all("kind")) kinds.emplace_back(kind);
    body["kinds"] = std::move(kinds);
  }
  if (session.args.has("header")) body["headers"] = headersOf(session);
  if (session.args.has("template")) body["template"] = parseJson(readInput(session.args.text("template")));
}

json::array patterns(const Session& session) {
  json::array actions;
  for (const std::string& action : session.args.all("action")) actions.emplace_back(action);
  return actions;
}

/// "every", or the patterns as they were given.
std::string actionsOf(const json::object& item) {
  std::string names = memberTexts(item, "actions");
  return names.empty() ? "every" : names;
}

int list(Session& session) {
  return session.list(
      route({"webhooks"}), {}, {"ID", "STATE", "URL", "ACTIONS", "NAMES", "PROBLEM"},
      [](const json::object& item) -> std::vector<Cell> {
        return {member(item, "id"), state(item),           member(item, "url"),
                actionsOf(item),    member(item, "names"), member(item, "problem")};
      },
      "no webhooks yet; `regesta webhook create URL` makes one");
}

int create(Session& session) {
  json::object body = {{"url", session.args.text("URL")}};
  if (session.args.has("action")) body["actions"] = patterns(session);
  if (session.args.has("names")) body["names"] = session.args.text("names");
  if (session.args.has("description")) body["description"] = session.args.text("description");
  addShape(session, body);
  json::object made = session.api().post(route({"webhooks"}), body).as_object();
  if (!session.json())
    fmt::print(stderr, "webhook {}; its secret is shown once, receivers check signatures with it:\n",
               member(made, "id"));
  return session.said(made, member(made, "secret"));
}

int change(Session& session) {
  json::object body;
  if (session.args.has("url-to")) body["url"] = session.args.text("url-to");
  if (session.args.has("action")) body["actions"] = patterns(session);
  if (session.args.has("names")) body["names"] = session.args.text("names");
  if (session.args.flag("start")) body["active"] = true;
  if (session.args.flag("stop")) body["active"] = false;
  addShape(session, body);
  if (body.empty())
    throw UsageError(
        "give what to change: --start, --stop, --url-to, --action, --names, --kind, --header or --template");
  json::object changed = session.api().patch(route({"webhooks", idOf(session)}), body).as_object();
  return session.said(changed, fmt::format("webhook {} is {}", idOf(session), state(changed).text));
}

int test(Session& session) {
  json::object sent = session.api().post(route({"webhooks", idOf(session), "test"})).as_object();
  bool delivered = member(sent, "delivered") == "true";
  session.said(sent, delivered
                         ? fmt::format("delivered: HTTP {} after {} ms", member(sent, "status"), member(sent, "millis"))
                         : fmt::format("not delivered: {}", member(sent, "problem")));
  return delivered ? Exit::done : Exit::failed;
}

int deliveries(Session& session) {
  return session.list(
      route({"webhooks", idOf(session), "deliveries"}), {}, {"AT", "ENTRY", "ACTION", "TRY", "STATUS", "MS", "PROBLEM"},
      [](const json::object& item) -> std::vector<Cell> {
        bool delivered = member(item, "delivered") == "true";
        return {shortTime(member(item, "at")),
                member(item, "index"),
                member(item, "action"),
                member(item, "attempt"),
                Cell(member(item, "status"), delivered ? Colour::green : Colour::red),
                member(item, "millis"),
                member(item, "problem")};
      },
      "nothing was sent yet");
}

int remove(Session& session) {
  json::value answer = session.api().remove(route({"webhooks", idOf(session)}));
  return session.said(answer, fmt::format("deleted webhook {}", idOf(session)));
}

}  // namespace

Commands webhookCommands() {
  Operand id = {"ID", "the webhook's ID"};
  Option action = {"action", "PATTERN", "actions to send, for example rollout.* or alias.moved (default: every)",
                   0,        false,     true};
  Option names = {"names", "PATTERN", "names of assets, for example loan-* (default: everything in the workspace)"};
  Option kind = {"kind", "KIND", "kinds of assets: model, prompt, dataset, policy, artifact (default: every)",
                 0,      false,  true};
  Option header = {"header", "NAME: VALUE", "further header of each request; its value is not shown again",
                   'H',      false,         true};
  Option shape = {"template", "FILE", "JSON body with {{type}}, {{subject}}, {{data.reason}} …; - for stdin"};
  return {
      {.path = "webhook list", .summary = "list webhooks", .examples = {"regesta webhook list"}, .run = list},
      {.path = "webhook create",
       .summary = "create a webhook and print its secret",
       .operands = {{"URL", "http:// or https://"}},
       .options = {action, names, kind, header, shape, {"description", "TEXT", "description", 'm'}},
       .examples = {"regesta webhook create https://chat.example/hooks/1 --action 'rollout.*' --action guard.breached"},
       .run = create,
       .more = "Events are sent in order and at least once, in the format of Standard Webhooks."},
      {.path = "webhook change",
       .summary = "update, stop or restart a webhook",
       .operands = {id},
       .options = {{"start", "", "continue where it stopped"},
                   {"stop", "", "send nothing until restarted"},
                   {"url-to", "URL", "new URL"},
                   action,
                   names,
                   kind,
                   header,
                   shape},
       .examples = {"regesta webhook change 3 --start"},
       .run = change},
      {.path = "webhook test",
       .summary = "send a test event now",
       .operands = {id},
       .examples = {"regesta webhook test 3"},
       .run = test},
      {.path = "webhook deliveries",
       .summary = "list the newest attempts with their errors",
       .operands = {id},
       .examples = {"regesta webhook deliveries 3"},
       .run = deliveries},
      {.path = "webhook delete",
       .summary = "delete a webhook",
       .operands = {id},
       .examples = {"regesta webhook delete 3"},
       .run = remove},
  };
}

}  // namespace regesta::cli
