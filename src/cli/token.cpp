#include "cli/commands.h"
#include "cli/duration.h"
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

/// A token without a secret.
int createTrusting(Session& session, json::object body) {
  json::object claims;
  for (const auto& [claim, pattern] : session.args.pairs("claim")) claims[claim] = pattern;
  json::object trust{
      {"issuer", session.args.text("issuer")},
      {"audience", session.args.has("audience") ? session.args.text("audience") : session.api().connection().url},
      {"claims", std::move(claims)}};
  if (session.args.has("lasts")) trust["lasts_seconds"] = readSeconds(session.args.text("lasts"), "lasts");
  body["trust"] = std::move(trust);
  json::object made = session.api().post(route({"tokens"}), body).as_object();
  return session.said(made, fmt::format("jobs of {} can sign in as token:{} with `regesta ci token`",
                                        session.args.text("issuer"), member(made, "name")));
}

int create(Session& session) {
  json::object body = {{"name", session.args.text("NAME")}, {"grants", grantsOf(session.args)}};
  if (auto days = session.args.integer("expires-in-days")) body["expires_in_days"] = *days;
  bool pair = session.args.flag("langfuse");
  if (pair) body["langfuse"] = true;
  bool s3 = session.args.flag("s3");
  if (pair && s3) throw UsageError("give --langfuse or --s3, not both");
  if (s3) body["s3"] = true;
  if (session.args.has("issuer")) return createTrusting(session, std::move(body));
  if (session.args.has("audience") || session.args.has("claim"))
    throw UsageError("--audience and --claim describe the ID tokens of an --issuer");
  json::object made = session.api().post(route({"tokens"}), body).as_object();
  if (pair && !session.json()) fmt::print(stderr, "the secret key is shown once; give both to the Langfuse SDK:\n");
  if (pair)
    return session.said(made, fmt::format("LANGFUSE_PUBLIC_KEY={}\nLANGFUSE_SECRET_KEY={}", member(made, "public_key"),
                                          member(made, "token")));
  if (s3 && !session.json())
    fmt::print(stderr, "the token and the S3 key's secret are shown once; give the AWS_… pair to S3 clients:\n");
  if (s3)
    return session.said(
        made, fmt::format("AWS_ACCESS_KEY_ID={}\nAWS_SECRET_ACCESS_KEY={}\nREGESTA_TOKEN={}",
                          member(made, "access_key_id"), member(made, "secret_access_key"), member(made, "token")));
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
  Operand name = {"NAME", "the token's name; the ledger shows token:NAME"};
  return {
      {.path = "token list", .summary = "list service tokens", .examples = {"regesta token list"}, .run = list},
      {.path = "token create",
       .summary = "create a service token and print it",
       .operands = {name},
       .options = {grantOption(),
                   {"expires-in-days", "N", "days until it expires (default: never)"},
                   {"langfuse", "", "create a pair of public and secret key for Langfuse SDKs"},
                   {"s3", "", "create an access key for S3 clients, too"},
                   {"issuer", "URL", "no secret: CI jobs sign in with an ID token of this issuer"},
                   {"audience", "TEXT", "audience of the ID tokens (default: the server's URL)"},
                   {"claim", "NAME=PATTERN", "a claim that must match, for example repository=bank/loan", 0, false,
                    true},
                   {"lasts", "TIME", "how long a sign-in lasts: 90s, 15m or 2h (default 15m)"}},
       .examples = {"regesta token create ci --grant contributor --expires-in-days 90",
                    "regesta token create chat --grant reader:team-a --langfuse",
                    "regesta token create train --grant contributor --s3",
                    "regesta token create loan-ci --grant contributor --issuer "
                    "https://token.actions.githubusercontent.com --claim repository=bank/loan "
                    "--claim ref=refs/heads/main"},
       .run = create},
      {.path = "token revoke",
       .summary = "revoke a token",
       .operands = {name},
       .examples = {"regesta token revoke ci"},
       .run = revoke},
  };
}

}  // namespace regesta::cli
