#include <array>

#include "cli/commands.h"
#include "cli/session.h"
#include "cli/terminal.h"

namespace regesta::cli {
namespace {

constexpr std::array groups = {"asset", "kind", "team"};

std::string bytesText(const std::string& text) {
  constexpr std::array units = {"B", "kB", "MB", "GB", "TB", "PB"};
  double size = std::strtod(text.c_str(), nullptr);
  std::size_t unit = 0;
  for (; size >= 1000 && unit + 1 < units.size(); ++unit) size /= 1000;
  return unit == 0 ? fmt::format("{} B", text.empty() ? "0" : text) : fmt::format("{:.1f} {}", size, units[unit]);
}

std::string shareOf(const std::string& part, const std::string& of) {
  double whole = std::strtod(of.c_str(), nullptr);
  return whole <= 0 ? "" : fmt::format("{:.0f} %", 100 * std::strtod(part.c_str(), nullptr) / whole);
}

std::string costText(const json::object& object) {
  std::string cost = member(object, "cost_per_month");
  return cost.empty() ? "" : fmt::format("{:.2f}", std::strtod(cost.c_str(), nullptr));
}

std::string itemName(const json::object& item) {
  std::string holder = member(item, "holder");
  if (holder == "runs") return "(artifacts of runs)";
  if (holder == "clients") return "(objects of content clients)";
  return member(item, "kind") + "/" + member(item, "name");
}

std::string groupName(const json::object& item) {
  std::string name = member(item, "name");
  return name.empty() ? "(none)" : name;
}

void printRows(const json::object& usage, const json::array& rows, std::string_view header,
               std::string (*name)(const json::object&)) {
  bool costs = !member(usage, "cost_per_month").empty();
  std::vector<std::string> headers{std::string(header), "VERSIONS", "FILES", "LOGICAL", "STORED", "SHARE", "UNIQUE"};
  if (costs) headers.emplace_back("COST/MONTH");
  Table table(headers);
  for (const json::value& row : rows) {
    const json::object& item = row.as_object();
    std::string share = member(item, "share_bytes");
    std::vector<Cell> cells{name(item),
                            member(item, "versions"),
                            member(item, "files"),
                            bytesText(member(item, "logical_bytes")),
                            bytesText(share),
                            shareOf(share, member(usage, "stored_bytes")),
                            bytesText(member(item, "unique_bytes"))};
    if (costs) cells.emplace_back(costText(item));
    table.row(std::move(cells));
  }
  table.print("nothing is stored yet");
}

void printTotals(const json::object& usage) {
  std::vector<std::pair<std::string, std::string>> fields{{"workspace", member(usage, "workspace")},
                                                          {"measured", shortTime(member(usage, "measured_at"))},
                                                          {"logical", bytesText(member(usage, "logical_bytes"))},
                                                          {"stored", bytesText(member(usage, "stored_bytes"))}};
  if (std::string quota = member(usage, "quota_bytes"); !quota.empty()) fields.emplace_back("quota", bytesText(quota));
  if (std::string cost = costText(usage); !cost.empty()) fields.emplace_back("cost per month", cost);
  if (const json::value* packs = usage.if_contains("packs"); packs && packs->is_object())
    fields.emplace_back("packs (server)",
                        fmt::format("{} for {} of content", bytesText(member(packs->get_object(), "pack_bytes")),
                                    bytesText(member(packs->get_object(), "content_bytes"))));
  printFields(fields);
}

int workspaces(Session& session) {
  return session.list(
      route({"usage", "workspaces"}), {{"refresh", session.args.flag("refresh") ? "true" : ""}},
      {"WORKSPACE", "LOGICAL", "STORED", "COST/MONTH"},
      [](const json::object& item) -> std::vector<Cell> {
        return {member(item, "workspace"), bytesText(member(item, "logical_bytes")),
                bytesText(member(item, "stored_bytes")), costText(item)};
      },
      "no workspace of which you may read every name");
}

int showUsage(Session& session) {
  if (session.args.flag("workspaces")) return workspaces(session);
  std::string by = session.args.has("by") ? session.args.text("by") : "asset";
  if (std::ranges::find(groups, by) == groups.end()) throw UsageError("--by must be asset, kind or team");
  json::value answer = session.api().get(route({"usage"}), {{"tag", session.args.text("tag")},
                                                            {"kind", session.args.text("kind")},
                                                            {"page_size", session.args.text("limit")},
                                                            {"refresh", session.args.flag("refresh") ? "true" : ""}});
  return session.show(answer, [&](const json::object& object) {
    printTotals(object);
    fmt::print("\n");
    if (by == "asset")
      printRows(object, object.at("items").as_array(), "ASSET", itemName);
    else
      printRows(object, object.at(by == "kind" ? "kinds" : "teams").as_array(), by == "kind" ? "KIND" : "TEAM",
                groupName);
  });
}

}  // namespace

Commands usageCommands() {
  return {
      {.path = "usage",
       .summary = "show what uses storage, what deleting it would free, and what it costs",
       .options = {{"by", "WORD", "one row per asset, kind or team (default: asset)"},
                   {"tag", "TAG", "with --by team: the asset tag that names the team (default: team)"},
                   {"kind", "KIND", "only this kind: prompt, model, dataset, policy, artifact, runs or clients"},
                   {"limit", "N", "maximum number of assets (default: 100)"},
                   {"workspaces", "", "one row per workspace instead"},
                   {"refresh", "", "measure now, unless the last measurement is less than ten seconds old"}},
       .examples = {"regesta usage", "regesta usage --by team --tag cost-centre", "regesta usage --workspaces"},
       .run = showUsage,
       .more =
           "STORED counts each content once: content that n assets share counts 1/n for each of them. UNIQUE is what "
           "deleting the asset would free. The server measures at most every five minutes."}};
}

}  // namespace regesta::cli
