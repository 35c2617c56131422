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
  Table table({"STAYS", "BECAUSE"});
  for (const json::value& one : kept)
    table.row({member(one.as_object(), "subject"), member(one.as_object(), "reason")});
  table.print("nothing else matches");
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
    table.print("nothing would go");
    fmt::print("\n");
    printKept(object.at("kept").as_array(), member(object, "kept_more"));
    if (object.at("items").as_array().empty()) return;
    fmt::print("\nto do exactly this: regesta retention apply {}\n", member(object, "digest"));
    if (member(object, "more") == "true") fmt::print("further versions go once this plan is applied\n");
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
       .summary = "set a retention rule; nothing is deleted by this",
       .operands = {{"NAME", "name of the rule"}},
       .options = {{"kind", "KIND", "prompt, model, dataset or artifact (default: all of these)"},
                   {"pattern", "GLOB", "names of assets (default: every name)"},
                   {"keep-newest", "N", "versions of each asset that stay (default: 0)"},
                   {"archive-after", "AGE", "archive versions of this age: 90d, 12h, 30m"},
                   {"delete-after", "AGE", "delete versions of this age"},
                   {"age", "WORD", "creation or use: since when the age counts (default: creation)"}},
       .examples = {"regesta retention set old-models --kind model --keep-newest 5 --archive-after 90d --delete-after "
                    "365d"},
       .run = set,
       .more = "If several rules match an asset, a version goes only when all of them let it go. What is protected, "
               "held, on an alias or stage, served, included or cited stays, whatever a rule says."},
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
