#include "governance/citation.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "governance/binding.h"
#include "governance/change_request.h"
#include "governance/evidence.h"
#include "registry/lineage.h"
#include "registry/pointer.h"
#include "registry/reference.h"
#include "registry/version_node.h"
#include "tracking/experiment.h"

namespace regesta::governance {

namespace {

constexpr std::size_t mostNamed = 20;  // of each list: enough for a person to see what it is about

void add(std::vector<Cited>& list, Cited cited) {
  if (list.size() < mostNamed && std::ranges::find(list, cited) == list.end()) list.push_back(std::move(cited));
}

/// Collects citations of versions; reads the ledger once per asset.
class Collector {
 public:
  explicit Collector(db::Transaction& transaction, DecidedVersions* decided = nullptr)
      : transaction_(transaction), decided_(decided ? *decided : ownDecided_) {}

  /// What cites the version itself.
  void take(const registry::Version& version) {
    const std::string& name = version.asset.key.name;
    if (!seen_.insert(version.id).second) return;
    if (found_.holds.empty()) found_.holds = registry::holdsOn(transaction_, version);
    for (const registry::Pointer& pointer : registry::pointersTo(transaction_, version))
      if (registry::isProtected(transaction_, version.asset.key, pointer))
        add(found_.pointers, {fmt::format("'{}' of {}", pointer, version.asset.key.subject()), name});
    if (decided(version.asset).contains(version.number))
      add(found_.records, {fmt::format("decisions of the gate about {}", version.subject()), name});
    for (std::int64_t id : requestsAbout(transaction_, version.asset, version.number, true))
      add(found_.records, {fmt::format("change-request/{}", id), name});
    // Automatic scans do not keep a version.
    auto rows = transaction_.query(
        "SELECT id FROM evidence WHERE version = $1 AND NOT (type = 'scan' AND origin = 'server') ORDER BY id LIMIT 20",
        {version.id});
    while (rows.next()) add(found_.records, {fmt::format("evidence/{}", rows.integer(0)), name});
  }

  /// Of versions made from what the lineage node names, at any distance.
  void takeDownstream(std::string_view workspace, const std::string& node) {
    for (const registry::Edge& edge : registry::lineage(transaction_, workspace, node, registry::Direction::downstream))
      takeNode(workspace, edge.to);
  }

  void takeVersions(db::Rows rows) {
    std::vector<std::tuple<std::string, std::string, std::string, std::int64_t>> found;
    while (rows.next()) found.emplace_back(rows.text(0), rows.text(1), rows.text(2), rows.integer(3));
    for (const auto& [workspace, kind, name, number] : found) take(workspace, kind, name, number);
  }

  void addRecord(std::string text) { add(found_.records, {std::move(text), ""}); }
  void addPointer(std::string text) { add(found_.pointers, {std::move(text), ""}); }
  Citations found() { return std::move(found_); }

 private:
  void take(const std::string& workspace, std::string_view kind, const std::string& name, std::int64_t number) {
    auto known = registry::parseKind(kind);
    auto version = known ? registry::findVersion(transaction_, {workspace, *known, name}, number) : std::nullopt;
    if (version) take(*version);
  }

  void takeNode(std::string_view workspace, std::string_view node) {
    if (auto version = registry::findVersionAt(transaction_, workspace, node)) take(*version);
  }

  const std::set<std::int64_t>& decided(const registry::Asset& asset) {
    auto [place, fresh] = decided_.try_emplace(asset.id);
    if (fresh) place->second = registry::decidedVersions(transaction_, asset.key);
    return place->second;
  }

  db::Transaction& transaction_;
  Citations found_;
  std::set<std::int64_t> seen_;
  DecidedVersions ownDecided_;
  DecidedVersions& decided_;
};

constexpr std::string_view versionsSql =
    "SELECT a.workspace, a.kind, a.name, v.number FROM version v JOIN asset a ON a.id = v.asset ";

/// Evaluations name the run or logged model whose predictions they read.
template <class Match>
void takeEvaluations(db::Transaction& transaction, std::string_view workspace, Collector& collector, Match matches) {
  auto rows = transaction.query(
      "SELECT id, summary FROM evidence WHERE workspace = $1 AND type = 'evaluation' AND verified = 1", {workspace});
  std::vector<std::int64_t> ids;
  while (rows.next()) {
    json::value summary = parseJson(rows.view(1));
    const json::value* predictions = summary.is_object() ? summary.as_object().if_contains("predictions") : nullptr;
    if (predictions && matches(*predictions)) ids.push_back(rows.integer(0));
  }
  for (std::int64_t id : ids) collector.addRecord(fmt::format("evidence/{}", id));
}

/// Runs and logged models that are to go.
struct Doomed {
  std::vector<std::string> runs, models;
  std::optional<std::int64_t> experiment;  ///< all of it; `runs` and `models` are those of its that something may cite
};

bool holds(db::Transaction& transaction, const Doomed& doomed, const json::value& predictions) {
  auto isAmong = [&](std::string_view member, const std::vector<std::string>& ids, std::string_view table) {
    std::string id = predictions.is_object() ? memberText(predictions.as_object(), member) : "";
    if (id.empty()) return false;
    if (!doomed.experiment) return std::ranges::find(ids, id) != ids.end();
    return transaction
        .query(fmt::format("SELECT 1 FROM {} WHERE {} = $1 AND experiment = $2", table, member),
               {id, *doomed.experiment})
        .next();
  };
  return isAmong("run_id", doomed.runs, "run") || isAmong("model_id", doomed.models, "logged_model");
}

/// Who cites a run or a logged model, whether it goes alone or with its experiment.
void takeDoomed(db::Transaction& transaction, std::string_view workspace, const Doomed& doomed, Collector& collector) {
  for (const std::string& id : doomed.runs) {
    collector.takeVersions(transaction.query(
        std::string(versionsSql) + "WHERE v.run_id = $1 AND a.workspace = $2 AND v.deleted = 0", {id, workspace}));
    collector.takeDownstream(workspace, fmt::format("run/{}", id));
  }
  for (const std::string& id : doomed.models) {
    collector.takeVersions(transaction.query(std::string(versionsSql) +
                                                 "WHERE v.model_id = $1 AND v.model_id <> '' AND a.workspace = $2 AND "
                                                 "v.deleted = 0",
                                             {id, workspace}));
    collector.takeDownstream(workspace, fmt::format("logged-model/{}", id));
  }
  takeEvaluations(transaction, workspace, collector,
                  [&](const json::value& predictions) { return holds(transaction, doomed, predictions); });
}

std::vector<std::string> texts(db::Rows rows) {
  std::vector<std::string> found;
  while (rows.next()) found.push_back(rows.text(0));
  return found;
}

/// Runs that nothing was made of are left out: there may be very many.
Doomed allOf(db::Transaction& transaction, std::string_view workspace, std::int64_t experiment) {
  Doomed doomed{.experiment = experiment};
  doomed.runs = texts(transaction.query(
      "SELECT r.run_id FROM run r WHERE r.experiment = $1 AND "
      "(EXISTS (SELECT 1 FROM version v WHERE v.run_id = r.run_id AND v.deleted = 0) OR "
      "EXISTS (SELECT 1 FROM lineage_edge e WHERE e.workspace = $2 AND e.origin = 'run/' || r.run_id))",
      {experiment, workspace}));
  doomed.models = texts(transaction.query(
      "SELECT m.model_id FROM logged_model m WHERE m.experiment = $1 AND "
      "(EXISTS (SELECT 1 FROM version v WHERE v.model_id = m.model_id AND v.model_id <> '' AND v.deleted = 0) OR "
      "EXISTS (SELECT 1 FROM lineage_edge e WHERE e.workspace = $2 AND e.origin = 'logged-model/' || m.model_id))",
      {experiment, workspace}));
  return doomed;
}

/// Versions of files in the experiment's folder that belong to no run or logged model.
void takeFolder(db::Transaction& transaction, std::string_view workspace, std::int64_t id, Collector& collector) {
  auto experiment = tracking::findExperiment(transaction, workspace, id);
  auto folder = experiment ? registry::treePath(experiment->artifactLocation, workspace) : std::nullopt;
  if (!folder || folder->empty()) return;
  std::string uri = registry::treeUri(*folder);
  collector.takeVersions(transaction.query(
      std::string(versionsSql) +
          "WHERE (v.storage = $1 OR (v.storage >= $2 AND v.storage < $3)) AND a.workspace = $4 AND v.deleted = 0",
      {uri, uri + '/', uri + '0', workspace}));
}

}  // namespace

Citations citationsOf(db::Transaction& transaction, const registry::Version& version) {
  DecidedVersions decided;
  return citationsOf(transaction, version, decided);
}

void requireUncited(db::Transaction& transaction, const registry::Version& version, std::string_view what) {
  Collector collector(transaction);
  collector.take(version);
  Citations cited = collector.found();
  const std::vector<Cited>& named = cited.pointers.empty() ? cited.records : cited.pointers;
  if (named.empty()) return;
  throw error(Code::refused, "{} cannot change: {} {} it. Register a new version", what, named.front().text,
              cited.pointers.empty() ? "cites" : "points to");
}

Citations citationsOf(db::Transaction& transaction, const registry::Version& version, DecidedVersions& decided) {
  Collector collector(transaction, &decided);
  collector.take(version);
  collector.takeDownstream(version.asset.key.workspace, version.subject());
  if (version.asset.key.kind == registry::Kind::policy) {
    // Decisions name policies by version, and replaying them needs the text.
    for (const Binding& binding : bindingsOf(transaction, version.asset.key))
      if (resolvePolicy(transaction, binding).digest == version.digest)
        collector.addPointer(fmt::format("policy binding {}", binding.id));
    auto rows = transaction.query(
        "SELECT 1 FROM subject_entry s JOIN ledger_entry e ON e.id = s.entry WHERE s.subject = $1 "
        "AND e.action = $2 LIMIT 1",
        {version.asset.key.subject(), registry::nameOf(registry::Action::policyBound)});
    if (rows.next()) collector.addRecord("decisions of the gate, which were made with this policy");
  }
  return collector.found();
}

Citations citationsOf(db::Transaction& transaction, const registry::Asset& asset) {
  Citations all;
  std::int64_t before = 0;
  while (true) {
    std::vector<registry::Version> versions = registry::listVersions(transaction, asset, 500, before);
    for (const registry::Version& version : versions) {
      Citations one = citationsOf(transaction, version);
      if (all.holds.empty()) all.holds = std::move(one.holds);
      for (Cited& cited : one.pointers) add(all.pointers, std::move(cited));
      for (Cited& cited : one.records) add(all.records, std::move(cited));
    }
    if (versions.size() < 500 || all.pointers.size() + all.records.size() >= mostNamed) return all;
    before = versions.back().number;
  }
}

Citations citationsOf(db::Transaction& transaction, std::string_view workspace, std::string_view node) {
  Collector collector(transaction);
  std::size_t slash = node.find('/');
  std::string_view kind = node.substr(0, slash), id = node.substr(slash + 1);
  Doomed doomed;
  if (kind == "run") {
    doomed.runs.emplace_back(id);
  } else if (kind == "logged-model") {
    doomed.models.emplace_back(id);
  } else {
    std::int64_t experiment = parseInteger(id).value_or(0);
    doomed = allOf(transaction, workspace, experiment);
    takeFolder(transaction, workspace, experiment, collector);
  }
  takeDoomed(transaction, workspace, doomed, collector);
  return collector.found();
}

}  // namespace regesta::governance
