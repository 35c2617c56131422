#include "base/text.h"
#include "cli/commands.h"
#include "cli/session.h"

namespace regesta::cli {
namespace {

int list(Session& session) {
  return session.list(
      route({"retention", "rules"}), {},
      {"NAME", "REV", "KIND", "NAMES", "KEEP NEWEST", "ARCHIVE", "DELETE", "AGE", "SET BY"},
      [](const json::object& item) -> std::vector<Cell> {
        return {member(item, "name"),         member(item, "revision"),    member(item, "kind"),
                member(item, "name_pattern"), member(item, "keep_newest"), member(item, "archive_after"),
                member(item, "delete_after"), member(item, "age"),         member(item, "set_by")};
      },
      "no retention rules: everything is kept");
}

int set(Session& session) {
  json::object body;
  for (const char* name : {"kind", "age"})
    if (session.args.has(name)) body[name] = session.args.text(name);
  if (session.args.has("pattern")) body["name_pattern"] = session.args.text("pattern");
  if (session.args.has("archive-after")) body["archive_after"] = session.args.text("archive-after");
  if (session.args.has("delete-after")) body["delete_after"] = session.args.text("delete-after");
  if (session.args.has("keep-newest")) {
    auto count = parseInteger(session.args.text("keep-newest"));
    if (!count) throw UsageError("--keep-newest must be a number");
    body["keep_newest"] = *count;
  }
  json::object made = session.api().put(route({"retention", "rules", session.args.text("NAME")}), body).as_object();
  return session.said(made, fmt::format("rule {}@{}; see `regesta retention plan` for what it would do",
                                        member(made, "name"), member(made, "revision")));
}

int remove(Session& session) {
  json::value answer = session.api().remove(route({"retention", "rules", session.args.text("NAME")}));
  return session.said(answer, fmt::format("deleted rule {}", session.args.text("NAME")));
}

void printKept(const json::array& kept, std::string_view more) {
  Table table({"KEPT", "REASON"});
  for (const json::value& one : kept)
    table.row({member(one.as_object(), "subject"), member(one.as_object(), "reason")});
  table.print("no other version matches a rule");
  if (!more.empty() && more != "0") fmt::print("and {} more\n", more);
}

int plan(Session& session) {
  json::value answer = session.api().get(route({"retention", "plan"}));
  return session.show(answer, [&](const json::object& object) {
    Table table({"ACTION", "VERSION", "CREATED", "AGE SINCE", "BYTES", "RULES"});
    for (const json::value& one : object.at("items").as_array()) {
      const json::object& item = one.as_object();
      table.row({Cell(member(item, "action"), member(item, "action") == "delete" ? Colour::red : Colour::yellow),
                 member(item, "subject"), shortTime(member(item, "created_at")), shortTime(member(item, "age_since")),
                 member(item, "bytes"), member(item, "rules")});
    }
    table.print("nothing to archive or delete");
    fmt::print("\n");
    printKept(object.at("kept").as_array(), member(object, "kept_more"));
    if (object.at("items").as_array().empty()) return;
    fmt::print("\nto apply this plan: regesta retention apply {}\n", member(object, "digest"));
    if (member(object, "more") == "true")
      fmt::print("a plan has a limited size: after applying it, make another one for the remaining versions\n");
  });
}

int apply(Session& session) {
  json::object body{{"digest", session.args.text("DIGEST")}};
  json::object done;
  do {
    done = session.api().post(route({"retention", "apply"}), body).as_object();
    if (!session.json())
      fmt::print(stderr, "{} of {} done\n", std::stoll(member(done, "deleted")) + std::stoll(member(done, "archived")),
                 member(done, "planned"));
  } while (member(done, "finished") != "true");
  return session.show(done, [](const json::object& object) {
    fmt::print("deleted {}, archived {}\n", member(object, "deleted"), member(object, "archived"));
    if (const json::array& skipped = object.at("skipped").as_array(); !skipped.empty()) printKept(skipped, "");
  });
}

}  // namespace

Commands retentionCommands() {
  return {
      {.path = "retention list",
       .summary = "list retention rules",
       .examples = {"regesta retention list"},
       .run = list},
      {.path = "retention set",
       .summary = "create or replace a retention rule, without applying it",
       .operands = {{"NAME", "name of the rule"}},
       .options = {{"kind", "KIND", "prompt, model, dataset or artifact (default: all of these)"},
                   {"pattern", "GLOB", "names of assets (default: every name)"},
                   {"keep-newest", "N", "number of newest versions of each asset to keep (default: 0)"},
                   {"archive-after", "AGE", "archive versions of this age: 90d, 12h, 30m"},
                   {"delete-after", "AGE", "delete versions of this age"},
                   {"age", "WORD", "what the age counts from: creation (default), or last use"}},
       .examples = {"regesta retention set old-models --kind model --keep-newest 5 --archive-after 90d --delete-after "
                    "365d"},
       .run = set,
       .more = "If several rules match an asset, they archive or delete a version only if all of them do. No rule "
               "touches a version that is protected, held, in use by an alias, stage or rollout, included in a prompt "
               "or cited by a decision."},
      {.path = "retention delete",
       .summary = "delete a retention rule",
       .operands = {{"NAME", "name of the rule"}},
       .examples = {"regesta retention delete old-models"},
       .run = remove},
      {.path = "retention plan",
       .summary = "show what the rules would archive and delete, and why other versions stay",
       .examples = {"regesta retention plan", "regesta retention plan --json"},
       .run = plan},
      {.path = "retention apply",
       .summary = "apply a plan; refused if it has changed",
       .operands = {{"DIGEST", "the plan's digest, as `regesta retention plan` prints it"}},
       .examples = {"regesta retention apply 3f2a…"},
       .run = apply,
       .more = "After an interruption, run it again with the same digest."},
  };
}

}  // namespace regesta::cli
