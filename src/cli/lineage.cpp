// regesta lineage export and impact.
#include "cli/commands.h"
#include "cli/session.h"

namespace regesta::cli {
namespace {

int exportLineage(Session& session) {
  const Arguments& args = session.args;
  json::value found = session.api().get(
      "/api/v1/lineage/export",
      {{"node", args.text("NODE")}, {"format", args.text("format")}, {"direction", args.text("direction")}});
  printJson(found);
  return Exit::done;
}

int impact(Session& session) {
  json::value found = session.api().get("/api/v1/lineage/impact", {{"node", session.args.text("NODE")}});
  return session.show(found, [](const json::object& object) {
    Table table({"AFFECTED", "POINTERS", "DECISION RECORDS"});
    for (const json::value& one : object.at("affected").as_array()) {
      const json::object& item = one.as_object();
      std::string pointers;
      for (const json::value& pointer : item.at("pointers").as_array())
        pointers += fmt::format("{}{}", pointers.empty() ? "" : ", ", std::string_view(pointer.as_string()));
      table.row({member(item, "node"), pointers, member(item, "records")});
    }
    table.print("nothing is downstream of it");
  });
}

}  // namespace

Commands lineageCommands() {
  Operand node = {"NODE", "KIND/NAME@VERSION, or run/ID"};
  return {
      {.path = "lineage export",
       .summary = "print the lineage of a node as PROV-JSON, OpenLineage or RO-Crate",
       .operands = {node},
       .options = {{"format", "FORMAT", "prov, openlineage or ro-crate", 0, true},
                   {"direction", "WHICH", "upstream (default), downstream or both"}},
       .examples = {"regesta lineage export model/loan-risk@3 --format prov"},
       .run = exportLineage},
      {.path = "lineage impact",
       .summary = "list everything that a version or run affects",
       .operands = {node},
       .examples = {"regesta lineage impact dataset/loanapp@1"},
       .run = impact},
  };
}

}  // namespace regesta::cli
