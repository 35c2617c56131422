#include "cli/commands.h"
#include "cli/pointer_move.h"

namespace regesta::cli {
namespace {

Colour actionColour(const std::string& action) {
  if (action.ends_with("refused")) return Colour::red;
  return action.find("rollback") != std::string::npos || action.ends_with("rolled-back") ? Colour::yellow
                                                                                         : Colour::green;
}

void printRollout(const json::object& rollout) {
  std::string forced = member(rollout, "forced"), versions;
  for (const json::value& version : rollout.at("versions").as_array())
    versions += (versions.empty() ? "" : ", ") + writeJson(version);
  std::string what = forced.empty() || forced == "0"
                         ? fmt::format("{}% of keys got version {}", memberReal(rollout, "weight"), versions)
                         : fmt::format("everyone got version {}", forced);
  fmt::print("  rollout {} ({}, step {}): {}, entry {}\n", member(rollout, "id"), member(rollout, "status"),
             member(rollout, "step"), paint(what, Colour::bold), member(rollout, "entry_index"));
}

/// The version that the alias pointed to at a moment, and who moved it.
int historyAt(Session& session, const Reference& ref, const std::string& alias) {
  json::value answer =
      session.api().get(route({"assets", ref.kind, ref.name, "aliases", alias}), {{"at", session.args.text("at")}});
  return session.show(answer, [&](const json::object& it) {
    std::string pointer = fmt::format("{}#{}", ref.asset(), alias), at = shortTime(member(it, "at"));
    if (member(it, "version") == "0")
      fmt::print("{} pointed to no version at {}\n", pointer, at);
    else
      fmt::print("{} pointed to {} at {}  {}\n", pointer,
                 paint("version " + versionText(member(it, "version"), member(it, "semver")), Colour::bold), at,
                 paint(member(it, "digest"), Colour::dim));
    auto tell = [&](std::string_view name, std::string_view word) {
      const json::value* found = it.if_contains(name);
      if (!found || !found->is_object()) return;
      const json::object& move = found->get_object();
      std::string asked = member(move, "requested_by"), approved = memberTexts(move, "approved_by");
      fmt::print("  {} {} by {}{}, entry {}\n", word, shortTime(member(move, "at")),
                 asked.empty() ? member(move, "actor") : asked, approved.empty() ? "" : ", approved by " + approved,
                 member(move, "entry_index"));
    };
    tell("since", "since");
    tell("until", "until");
    if (const json::value* rollout = it.if_contains("rollout"); rollout && rollout->is_object())
      printRollout(rollout->get_object());
  });
}

int history(Session& session) {
  Reference ref = session.reference("ASSET", {}, Takes::alias);
  std::string alias = aliasOf(session, ref, "alias");
  if (session.args.has("at")) return historyAt(session, ref, alias);
  return session.list(
      route({"assets", ref.kind, ref.name, "aliases", alias, "history"}), {},
      {"AT", "ACTION", "FROM", "TO", "BY", "APPROVED BY", "ENTRY", "REASON"},
      [](const json::object& item) -> std::vector<Cell> {
        std::string action = member(item, "action"), from = member(item, "from"), to = member(item, "to");
        std::string requestedBy = member(item, "requested_by");
        std::string codes = memberTexts(item, "codes"), reason = member(item, "reason");
        return {shortTime(member(item, "at")),
                {action, actionColour(action)},
                versionText(from, member(item, "from_semver")),
                versionText(to, member(item, "to_semver")),
                requestedBy.empty() ? member(item, "actor") : requestedBy,
                memberTexts(item, "approved_by"),
                member(item, "entry_index"),
                {codes.empty() || reason.empty() ? codes + reason : codes + ": " + reason, Colour::dim}};
      },
      fmt::format("{}#{} has never pointed anywhere", ref.asset(), alias));
}

std::string nodeId(const json::object& node) {
  std::string id = member(node, "id");
  return id.empty() ? member(node, "node") : id;
}

struct Edge {
  std::string other, relation;
};

/// A tree from the asked node outwards; a node met again is named, not unfolded.
class Tree {
 public:
  Tree(const json::object& graph, bool upstream) {
    for (const json::value& value : graph.at("edges").as_array()) {
      const json::object& edge = value.as_object();
      std::string from = member(edge, "from"), to = member(edge, "to");
      std::string relation = member(edge, "relation");
      if (relation.empty()) relation = member(edge, "kind");
      edges_[upstream ? to : from].push_back({upstream ? from : to, relation});
    }
    for (const json::value& value : graph.at("nodes").as_array())
      if (value.is_object()) labels_[nodeId(value.get_object())] = member(value.get_object(), "label");
  }

  void print(const std::string& node) {
    fmt::print("{}\n", label(node, Colour::bold));
    below(node, "");
  }

 private:
  std::string label(const std::string& node, Colour colour) {
    std::string extra = labels_[node];
    return extra.empty() || extra == node ? paint(node, colour)
                                          : fmt::format("{}  {}", paint(node, colour), paint(extra, Colour::dim));
  }

  void below(const std::string& node, const std::string& indent) {
    if (!seen_.insert(node).second) {
      if (!edges_[node].empty()) fmt::print("{}└─ {}\n", indent, paint("(see above)", Colour::dim));
      return;
    }
    const std::vector<Edge> edges = edges_[node];
    for (std::size_t i = 0; i < edges.size(); ++i) {
      bool last = i + 1 == edges.size();
      fmt::print("{}{} {} {}\n", indent, last ? "└─" : "├─", label(edges[i].other, Colour::cyan),
                 paint(fmt::format("({})", edges[i].relation), Colour::dim));
      below(edges[i].other, indent + (last ? "   " : "│  "));
    }
  }

  std::map<std::string, std::vector<Edge>> edges_;
  std::map<std::string, std::string> labels_;
  std::set<std::string> seen_;
};

int lineage(Session& session) {
  std::string node = session.args.text("NODE");
  if (!node.starts_with("run/")) {
    Reference ref = parseVersionReference(node);
    node = ref.asset() + "@" + ref.selector;
  }
  std::string direction = session.args.has("direction") ? session.args.text("direction") : "upstream";
  if (direction != "upstream" && direction != "downstream") throw UsageError("direction is upstream or downstream");
  json::value value = session.api().get(route({"lineage", "graph"}), {{"node", node},
                                                                      {"direction", direction},
                                                                      {"depth", session.args.text("depth")},
                                                                      {"at", session.args.text("at")}});
  return session.show(value, [&](const json::object& graph) {
    std::string root = member(graph, "root");
    Tree(graph, direction == "upstream").print(root.empty() ? node : root);
    if (graph.at("edges").as_array().empty())
      fmt::print("{}\n", paint(fmt::format("nothing is known {} of it", direction), Colour::dim));
  });
}

}  // namespace

Commands historyCommands() {
  return {
      {.path = "history",
       .summary = "list the moves of an alias, including refused ones",
       .operands = {{"ASSET", "KIND/NAME or KIND/NAME#ALIAS"}},
       .options = {{"alias", "ALIAS", "the alias (default production)"},
                   {"limit", "N", "maximum number of results"},
                   {"at", "TIME", "show the version at that time: 2026-11-25T02:15:12Z"}},
       .examples = {"regesta history loan-risk", "regesta history prompt/loan-summary#production --json",
                    "regesta history loan-risk --at 2026-11-25T02:15:12Z"},
       .run = history},
      {.path = "lineage",
       .summary = "show the upstream or downstream lineage of a version or run",
       .operands = {{"NODE", "KIND/NAME@VERSION, or run/ID"}},
       .options = {{"direction", "WHICH", "upstream (default) or downstream"},
                   {"depth", "N", "maximum number of steps"},
                   {"at", "TIME", "lineage at that time: 2026-11-25T02:15:12Z"}},
       .examples = {"regesta lineage loan-risk@production",
                    "regesta lineage dataset/loan-holdout@1 --direction downstream"},
       .run = lineage},
  };
}

}  // namespace regesta::cli
