#include "api/native/lineage.h"

#include <map>
#include <set>

#include "api/tracking_scope.h"
#include "base/text.h"
#include "base/time.h"
#include "governance/readable_lineage.h"
#include "registry/lineage.h"
#include "registry/standing.h"
#include "registry/version_node.h"
#include "tracking/run.h"

namespace regesta::api::native {

namespace {

struct Selected {
  registry::AssetKey key;
  std::string selector;
};
/// The parts of "model/loan-risk@production", as people write it; empty for what is not a version.
std::optional<Selected> selectedBy(const Call& call, const std::string& node) {
  std::size_t slash = node.find('/'), at = node.rfind('@');
  auto kind = slash == std::string::npos ? std::nullopt : registry::parseKind(node.substr(0, slash));
  if (!kind || node.find('#') != std::string::npos) return std::nullopt;
  std::string name = node.substr(slash + 1, at == std::string::npos ? at : at - slash - 1);
  return Selected{{call.workspace, *kind, name}, at == std::string::npos ? "latest" : node.substr(at + 1)};
}

/// "model/loan-risk@production" becomes "model/loan-risk@3", the version that the alias pointed to at that moment;
/// other nodes stay.
std::string exactNode(db::Transaction& transaction, const Call& call, const std::string& node,
                      std::optional<std::int64_t> moment) {
  auto version = selectedBy(call, node);
  if (!version) return node;
  const auto& [key, selector] = *version;
  call.require(access::Verb::read, key.name);
  if (moment) {
    registry::Standing standing = registry::standingAt(transaction, key, registry::Pointer::read(selector), *moment);
    if (standing.number != 0) return fmt::format("{}@{}", key.subject(), standing.number);
    if (standing.since || standing.until)
      throw error(Code::notFound, "{}#{} pointed to no version at {}", key.subject(), selector, formatTime(*moment));
  }
  return registry::resolveVersion(transaction, key, selector).subject();
}

/// Which pointers of each asset in the graph pointed to which version.
class Pointers {
 public:
  Pointers(db::Transaction& transaction, const Call& call, std::optional<std::int64_t> moment)
      : transaction_(transaction), call_(call), moment_(moment.value_or(nowMillis())) {}

  std::vector<std::string> on(const std::string& node) {
    auto version = registry::versionNode(call_.workspace, node);
    if (!version || !call_.identity->may(access::Verb::read, call_.workspace, version->key.name)) return {};
    std::vector<std::string> names;
    for (const registry::StandingPointer& pointer : of(version->key))
      if (pointer.number == version->number && pointer.pointer != registry::Pointer::stage("None"))
        names.push_back(pointer.pointer.text());
    return names;
  }

 private:
  static constexpr std::size_t assetsAtMost = 200;  // each costs a look at its history
  const std::vector<registry::StandingPointer>& of(const registry::AssetKey& key) {
    static const std::vector<registry::StandingPointer> none;
    auto found = known_.find(key.subject());
    if (found != known_.end()) return found->second;
    if (known_.size() >= assetsAtMost) return none;
    return known_[key.subject()] = registry::pointersAt(transaction_, key, moment_);
  }

  db::Transaction& transaction_;
  const Call& call_;
  std::int64_t moment_;
  std::map<std::string, std::vector<registry::StandingPointer>> known_;
};

std::string labelOf(db::Transaction& transaction, const Call& call, const std::string& node) {
  if (node.starts_with("run/"))
    if (auto run = tracking::findRun(transaction, call.workspace, node.substr(4)); run && !run->name.empty())
      return "run " + run->name;
  return node;
}

}  // namespace

LineageAnswer lineageGraph(Call& call, const LineageQuery& query) {
  auto direction = query.direction == "downstream" ? registry::Direction::downstream
                   : query.direction == "both"     ? registry::Direction::both
                                                   : registry::Direction::upstream;
  int depth = query.depth > 0 ? static_cast<int>(query.depth) : 16;
  constexpr std::size_t edgesAtMost = 1000;
  std::optional<std::int64_t> moment = momentOf(query.at, "at");
  return call.core.store.read([&](db::Transaction& transaction) {
    LineageAnswer answer;
    governance::Scope scope = scopeOf(call, transaction);
    answer.root = exactNode(transaction, call, query.node, moment);
    if (!governance::isDatasetInput(answer.root) && !scope.node(answer.root))
      throw governance::lacking(*call.identity, access::Verb::read, call.workspace, "node");
    if (moment) answer.at = timeText(*moment);
    Pointers pointers(transaction, call, moment);
    std::set<std::string> seen;
    auto add = [&](const std::string& node) {
      if (seen.insert(node).second) answer.nodes.push_back({node, labelOf(transaction, call, node), pointers.on(node)});
    };
    add(answer.root);
    std::vector<registry::Edge> edges = registry::lineage(transaction, call.workspace, answer.root, direction, depth,
                                                          edgesAtMost, moment.value_or(INT64_MAX));
    edges = governance::readableEdges(scope, answer.root, std::move(edges));
    for (const registry::Edge& edge : edges) {
      answer.edges.push_back({edge.from, edge.to, edge.relation, timeText(edge.at)});
      add(edge.from);
      add(edge.to);
    }
    return answer;
  });
}

}  // namespace regesta::api::native
