#include "cli/commands.h"
#include "cli/grants.h"
#include "cli/session.h"

namespace regesta::cli {
namespace {

int list(Session& session) {
  return session.list(
      route({"tokens"}), {}, {"NAME", "ROLES", "CREATED", "EXPIRES"},
      [](const json::object& item) -> std::vector<Cell> {
        std::string expires = shortTime(member(item, "expires_at"));
        return {member(item, "name"), grantsText(item), shortTime(member(item, "created_at")),
                expires.empty() ? "never" : expires};
      },
      "no tokens yet");
}

int create(Session& session) {
  json::object body = {{"name", session.args.text("NAME")}, {"grants", grantsOf(session.args)}};
  if (auto days = session.args.integer("expires-in-days")) body["expires_in_days"] = *days;
  bool pair = session.args.flag("langfuse");
  if (pair) body["langfuse"] = true;
  json::object made = session.api().post(route({"tokens"}), body).as_object();
  if (pair && !session.json()) fmt::print(stderr, "the secret key is shown once; give both to the Langfuse SDK:\n");
  if (pair)
    return session.said(made, fmt::format("LANGFUSE_PUBLIC_KEY={}\nLANGFUSE_SECRET_KEY={}", member(made, "public_key"),
                                          member(made, "token")));
  if (!session.json())
    fmt::print(stderr, "the token is shown once; use it as REGESTA_TOKEN or MLFLOW_TRACKING_TOKEN:\n");
  return session.said(made, member(made, "token"));
}

int revoke(Session& session) {
  json::value answer = session.api().remove(route({"tokens", session.args.text("NAME")}));
  return session.said(answer, fmt::format("token {} no longer works", session.args.text("NAME")));
}

}  // namespace

Commands tokenCommands() {
  Operand name = {"NAME", "what the ledger calls it: token:NAME"};
  return {
      {.path = "token list", .summary = "list service tokens", .examples = {"regesta token list"}, .run = list},
      {.path = "token create",
       .summary = "make a service token and print it",
       .operands = {name},
       .options = {grantOption(),
                   {"expires-in-days", "N", "until when it works (default: for ever)"},
                   {"langfuse", "", "a pair of public and secret key, as Langfuse SDKs want it"}},
       .examples = {"regesta token create ci --grant contributor --expires-in-days 90",
                    "regesta token create chat --grant reader:team-a --langfuse"},
       .run = create},
      {.path = "token revoke",
       .summary = "make a token useless",
       .operands = {name},
       .examples = {"regesta token revoke ci"},
       .run = revoke},
  };
}

}  // namespace regesta::cli
