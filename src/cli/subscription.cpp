// regesta subscription: the events about which the calling user gets e-mail.
#include "cli/commands.h"
#include "cli/session.h"

namespace regesta::cli {
namespace {

std::string subscriptionPath(const Session& session, std::string_view verb = {}) {
  const std::string& name = session.args.text("NAME");
  return verb.empty() ? route({"subscriptions", name}) : route({"subscriptions", name, verb});
}

json::array textsOf(const std::vector<std::string>& list) { return json::array(list.begin(), list.end()); }

int set(Session& session) {
  json::object body{{"address", session.args.text("ADDRESS")}};
  if (session.args.has("event")) body["events"] = textsOf(session.args.all("event"));
  if (session.args.has("pattern")) body["patterns"] = textsOf(session.args.all("pattern"));
  if (session.args.has("every")) body["every"] = session.args.text("every");
  json::object made = session.api().put(subscriptionPath(session), body).as_object();
  bool confirmed = member(made, "confirmed") == "true";
  return session.said(made, confirmed
                                ? fmt::format("set subscription {}", member(made, "name"))
                                : fmt::format("a code was sent to {}; confirm it: regesta subscription confirm {} "
                                              "CODE",
                                              member(made, "address"), member(made, "name")));
}

int confirm(Session& session) {
  json::object made = session.api()
                          .post(subscriptionPath(session, "confirm"), json::object{{"code", session.args.text("CODE")}})
                          .as_object();
  return session.said(made, fmt::format("{} gets mail about {}", member(made, "address"), member(made, "name")));
}

int list(Session& session) {
  return session.list(
      route({"subscriptions"}), {}, {"NAME", "ADDRESS", "EVENTS", "EVERY", "STATE"},
      [](const json::object& item) -> std::vector<Cell> {
        bool confirmed = member(item, "confirmed") == "true";
        return {member(item, "name"), member(item, "address"), memberTexts(item, "events"), member(item, "every"),
                Cell(confirmed ? "confirmed" : "not confirmed", confirmed ? Colour::none : Colour::yellow)};
      },
      "you have no subscriptions");
}

int remove(Session& session) {
  json::value answer = session.api().remove(subscriptionPath(session));
  return session.said(answer, fmt::format("deleted subscription {}", session.args.text("NAME")));
}

}  // namespace

Commands subscriptionCommands() {
  Operand name = {"NAME", "name of your subscription"};
  return {
      {.path = "subscription set",
       .summary = "get mail about change requests that wait for you, and about other events",
       .operands = {name, {"ADDRESS", "e-mail address"}},
       .options = {{"event", "EVENT", "review, the name of a ledger action, or a pattern (default: review)", 0, false,
                    true},
                   {"pattern", "KIND/NAME", "assets, for example model/loan-* (default: every asset)", 0, false, true},
                   {"every", "WHEN", "now (default), hourly or daily: one mail with all events"}},
       .examples =
           {"regesta subscription set reviews anna@example.org",
            "regesta subscription set moves anna@example.org --event 'alias.*' --pattern 'model/loan-*' --every "
            "daily"},
       .run = set,
       .more = "A new address gets a code by mail, and nothing else until the code is confirmed. What you may not read "
               "is not sent."},
      {.path = "subscription confirm",
       .summary = "confirm the address of a subscription",
       .operands = {name, {"CODE", "from the mail"}},
       .examples = {"regesta subscription confirm reviews 4f0c2a9d77b1e3c58a60"},
       .run = confirm},
      {.path = "subscription list",
       .summary = "list your subscriptions",
       .examples = {"regesta subscription list"},
       .run = list},
      {.path = "subscription delete",
       .summary = "delete a subscription",
       .operands = {name},
       .examples = {"regesta subscription delete moves"},
       .run = remove},
  };
}

}  // namespace regesta::cli
