// regesta access-log: who read or downloaded which version.
#include "base/text.h"
#include "cli/commands.h"
#include "cli/session.h"

namespace regesta::cli {
namespace {

int list(Session& session) {
  const Arguments& args = session.args;
  Reference ref;
  if (args.has("VERSION")) ref = session.version();
  return session.list(
      "/api/v1/access-log",
      {{"kind", ref.kind},
       {"name", ref.name},
       {"version", ref.selector},
       {"actor", args.text("actor")},
       {"since", args.text("since")},
       {"until", args.text("until")}},
      {"AT", "ACTOR", "FRONT", "ACTION", "NAME", "VERSION", "PATH", "BYTES"},
      [](const json::object& item) -> std::vector<Cell> {
        return {shortTime(member(item, "at")), member(item, "actor"),   member(item, "front"), member(item, "action"),
                member(item, "name"),          member(item, "version"), member(item, "path"),  member(item, "bytes")};
      },
      "no entries yet; `regesta access-log show` prints whether reads are logged");
}

int show(Session& session) {
  json::value found = session.api().get("/api/v1/access-log/rule");
  return session.show(found, [](const json::object& rule) {
    printFields({{"kept", member(rule, "percent") + " % of reads and downloads"},
                 {"for", member(rule, "keep_days") == "0" ? "ever" : member(rule, "keep_days") + " days"},
                 {"set by", member(rule, "set_by")},
                 {"at", shortTime(member(rule, "set_at"))}});
  });
}

int set(Session& session) {
  json::value rule = session.api().put("/api/v1/access-log/rule",
                                       json::object{{"percent", session.args.integer("percent").value()},
                                                    {"keep_days", session.args.integer("keep-days").value_or(0)}});
  return session.said(rule, fmt::format("{} % of reads and downloads are kept", member(rule.as_object(), "percent")));
}

}  // namespace

Commands accessLogCommands() {
  return {
      {.path = "access-log list",
       .summary = "list who read or downloaded a version, newest first",
       .operands = {{"VERSION", "KIND/NAME@VERSION (default: everything in the workspace)", false}},
       .options = {{"actor", "ACTOR", "only this one: user:ana, token:ci"},
                   {"since", "TIME", "RFC 3339"},
                   {"until", "TIME", "RFC 3339"}},
       .examples = {"regesta access-log list model/loan-risk@7"},
       .run = list},
      {.path = "access-log show",
       .summary = "show the percentage of reads that is logged, and how long entries are kept",
       .examples = {"regesta access-log show"},
       .run = show},
      {.path = "access-log set",
       .summary = "set the percentage of reads to log, and how long to keep them",
       .options = {{"percent", "N", "0 (off) to 100 (complete)", 0, true},
                   {"keep-days", "N", "days after which entries are deleted (default: never)"}},
       .examples = {"regesta access-log set --percent 100 --keep-days 365"},
       .run = set},
  };
}

}  // namespace regesta::cli
