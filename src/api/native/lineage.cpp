#include "api/native/lineage.h"

#include <map>
#include <set>

#include "base/text.h"
#include "base/time.h"
#include "registry/lineage.h"
#include "registry/standing.h"
#include "tracking/run.h"

namespace regesta::api::native {

namespace {

struct VersionNode {
  registry::AssetKey key;
  std::string selector;
};
/// The parts of "model/loan-risk@3"; nothing for nodes that are no versions.
std::optional<VersionNode> versionNode(const Call& call, const std::string& node) {
  std::size_t slash = node.find('/'), at = node.rfind('@');
  auto kind = slash == std::string::npos ? std::nullopt : registry::parseKind(node.substr(0, slash));
  if (!kind || node.find('#') != std::string::npos) return std::nullopt;
  std::string name = node.substr(slash + 1, at == std::string::npos ? at : at - slash - 1);
  return VersionNode{{call.workspace, *kind, name}, at == std::string::npos ? "latest" : node.substr(at + 1)};
}

/// "model/loan-risk@production" becomes "model/loan-risk@3", where the alias stood at that moment; other nodes stay.
std::string exactNode(db::Session& session, const Call& call, const std::string& node,
                      std::optional<std::int64_t> moment) {
  auto version = versionNode(call, node);
  if (!version) return node;
  const auto& [key, selector] = *version;
  call.require(governance::Verb::read, key.name);
  if (moment) {
    registry::Standing standing = registry::standingAt(session, key, selector, *moment);
    if (standing.number != 0) return fmt::format("{}@{}", key.subject(), standing.number);
    if (standing.since || standing.until)
      throw error(Code::notFound, "{}#{} stood on nothing at {}", key.subject(), selector, formatTime(*moment));
  }
  return registry::resolveVersion(session, key, selector).subject();
}

/// Which pointers of each asset in the graph stood on which version.
class Pointers {
 public:
  Pointers(db::Session& session, const Call& call, std::optional<std::int64_t> moment)
      : session_(session), call_(call), moment_(moment.value_or(nowMillis())) {}

  std::vector<std::string> on(const std::string& node) {
    auto version = versionNode(call_, node);
    auto number = version ? parseInteger(version->selector) : std::nullopt;
    if (!number || !call_.identity->may(governance::Verb::read, call_.workspace, version->key.name)) return {};
    std::vector<std::string> names;
    for (const registry::StandingPointer& pointer : of(version->key))
      if (pointer.number == *number && pointer.pointer != "stage:None") names.push_back(pointer.pointer);
    return names;
  }

 private:
  static constexpr std::size_t assetsAtMost = 200;  // each costs a look at its history
  const std::vector<registry::StandingPointer>& of(const registry::AssetKey& key) {
    static const std::vector<registry::StandingPointer> none;
    auto found = known_.find(key.subject());
    if (found != known_.end()) return found->second;
    if (known_.size() >= assetsAtMost) return none;
    return known_[key.subject()] = registry::pointersAt(session_, key, moment_);
  }

  db::Session& session_;
  const Call& call_;
  std::int64_t moment_;
  std::map<std::string, std::vector<registry::StandingPointer>> known_;
};

std::string labelOf(db::Session& session, const Call& call, const std::string& node) {
  if (node.starts_with("run/"))
    if (auto run = tracking::findRun(session, call.workspace, node.substr(4)); run && !run->name.empty())
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
  return call.core.store.read([&](db::Session& session) {
    LineageAnswer answer;
    answer.root = exactNode(session, call, query.node, moment);
    if (moment) answer.at = timeText(*moment);
    Pointers pointers(session, call, moment);
    std::set<std::string> seen;
    auto add = [&](const std::string& node) {
      if (seen.insert(node).second) answer.nodes.push_back({node, labelOf(session, call, node), pointers.on(node)});
    };
    add(answer.root);
    for (const registry::Edge& edge : registry::lineage(session, call.workspace, answer.root, direction, depth,
                                                        edgesAtMost, moment.value_or(INT64_MAX))) {
      answer.edges.push_back({edge.from, edge.to, edge.relation, timeText(edge.at)});
      add(edge.from);
      add(edge.to);
    }
    return answer;
  });
}

}  // namespace regesta::api::native
