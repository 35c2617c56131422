#include "base/file.h"
#include "cli/commands.h"
#include "cli/session.h"

namespace regesta::cli {
namespace {

/// The members of an entry: from its body, which is what was hashed.
json::object bodyOf(const json::object& item) {
  const json::value* body = item.if_contains("body");
  if (!body) return item;
  if (body->is_object()) return body->get_object();
  return parseJson(body->as_string()).as_object();
}

int list(Session& session) {
  const Arguments& args = session.args;
  bool oldestFirst = args.has("from") || args.flag("oldest");
  return session.list(
      route({"ledger", "entries"}),
      {{"order", oldestFirst ? "oldest" : "newest"},
       {"from", args.text("from")},
       {"since", args.text("since")},
       {"until", args.text("until")},
       {"subject", args.text("subject")},
       {"actor", args.text("actor")},
       {"action", args.text("action")}},
      {"ENTRY", "TIME", "ACTOR", "ACTION", "SUBJECT"},
      [](const json::object& item) -> std::vector<Cell> {
        json::object body = bodyOf(item);
        return {member(item, "index"),
                shortTime(member(body, "time")),
                member(body, "actor"),
                {member(body, "action"), Colour::cyan},
                member(body, "subject")};
      },
      "no entries");
}

int show(Session& session) {
  if (!session.args.has("INDEX")) {
    json::value value = session.api().get(route({"ledger"}));
    return session.show(value, [](const json::object& ledger) {
      printFields({{"entries", member(ledger, "size")},
                   {"origin", member(ledger, "origin")},
                   {"verifier key", member(ledger, "vkey")}});
      fmt::print("\n{}", printable(member(ledger, "checkpoint")));
    });
  }
  auto index = session.args.integer("INDEX");
  json::value value = session.api().get(route({"ledger", "entries", std::to_string(*index)}));
  return session.show(value, [](const json::object& item) {
    json::object body = bodyOf(item);
    printFields({{"entry", member(item, "index")},
                 {"time", member(body, "time")},
                 {"actor", member(body, "actor")},
                 {"action", member(body, "action")},
                 {"subject", member(body, "subject")},
                 {"workspace", member(body, "workspace")}});
    if (const json::value* data = body.if_contains("data")) printJson(*data);
  });
}

int receipt(Session& session) {
  std::string index = std::to_string(*session.args.integer("INDEX"));
  std::string proof = session.api().text(route({"ledger", "entries", index, "receipt"}));
  json::object item = session.api().get(route({"ledger", "entries", index})).as_object();
  std::string key = session.api().text("/ledger/key");
  // What was hashed can be made of this: the entry, or the entry with what its commitment needs.
  std::string body = canonicalJson(bodyOf(item));
  if (std::string salt = member(item, "salt"); !salt.empty())
    body = canonicalJson(json::object{{"body", bodyOf(item)}, {"id", item.at("id")}, {"salt", salt}, {"v", 2}});
  if (!session.args.has("output")) {
    fmt::print("{}", proof);
    return Exit::done;
  }
  std::string base = session.args.text("output");
  file::replaceFiles({{base + ".tlog-proof", proof}, {base + ".json", body}, {base + ".vkey", key}});
  return session.said(
      json::object{{"receipt", base + ".tlog-proof"}, {"entry", base + ".json"}, {"key", base + ".vkey"}},
      fmt::format("wrote {0}.tlog-proof, {0}.json and {0}.vkey; check them anywhere with\n"
                  "  regesta ledger verify --receipt {0}.tlog-proof --entry {0}.json --key {0}.vkey",
                  base));
}

}  // namespace

Commands ledgerCommands() {
  return {
      {.path = "ledger list",
       .summary = "list entries, newest first",
       .options = {{"from", "INDEX", "list from this entry on, oldest first"},
                   {"oldest", "", "list the oldest entries first"},
                   {"since", "TIME", "entries from this time on: 2026-11-25T02:15:12Z"},
                   {"until", "TIME", "entries up to this time"},
                   {"subject", "TEXT", "entries about this subject: model/loan-risk#production"},
                   {"actor", "NAME", "entries by this actor: user:anna"},
                   {"action", "NAME", "entries with this action: alias.moved"},
                   {"limit", "N", "maximum number of entries", 'n'}},
       .examples = {"regesta ledger list --limit 20", "regesta ledger list --since 2026-11-25T00:00:00Z",
                    "regesta ledger list --subject model/loan-risk#production --json"},
       .run = list},
      {.path = "ledger show",
       .summary = "show one entry, or the ledger's size, key and checkpoint",
       .operands = {{"INDEX", "the entry's number, from 0", false}},
       .examples = {"regesta ledger show", "regesta ledger show 41"},
       .run = show},
      {.path = "ledger receipt",
       .summary = "get the proof that an entry is in the ledger",
       .operands = {{"INDEX", "the entry's number, from 0"}},
       .options = {{"output", "NAME", "write NAME.tlog-proof, NAME.json and NAME.vkey instead of printing the proof",
                    'o'}},
       .examples = {"regesta ledger receipt 41 --output approval"},
       .run = receipt},
  };
}

}  // namespace regesta::cli
