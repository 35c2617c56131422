#include "api/native/openlineage.h"

#include <set>

#include "access/grants.h"
#include "api/native/lineage.h"
#include "api/tracking_scope.h"
#include "base/redact.h"
#include "base/text.h"
#include "base/time.h"
#include "crypto/hash.h"
#include "record/record.h"
#include "registry/lineage.h"
#include "registry/version_entries.h"
#include "registry/version_node.h"
#include "tracking/run.h"

namespace regesta::api::native {
namespace {

constexpr std::size_t nodeLength = 500, datasetsAtMost = 1000;
constexpr std::string_view here = "regesta";  // the namespace of what is registered here

json::object objectOf(const RawJson& raw, const std::string& field) {
  if (raw.text.empty()) return {};
  json::value value = parseJson(raw.text);
  if (!value.is_object()) throw Invalid(field, "must be an object");
  return value.get_object();
}

json::array listOf(const RawJson& raw, const std::string& field) {
  if (raw.text.empty()) return {};
  json::value value = parseJson(raw.text);
  if (value.is_null()) return {};
  if (!value.is_array() || value.get_array().size() > datasetsAtMost)
    throw Invalid(field, fmt::format("must be a list of at most {} datasets", datasetsAtMost));
  return value.get_array();
}

std::string textOf(const json::object& object, std::string_view name, const std::string& field) {
  std::string text = memberText(object, name);
  if (text.empty()) throw Invalid(fmt::format("{}.{}", field, name), "is required");
  return text;
}

/// The account that reported a run of another place first goes on with it; others would falsify its report.
void requireReporter(db::Transaction& transaction, const Call& call, const std::string& node) {
  std::int64_t reported = registry::firstEntryAbout(transaction, call.workspace, "lineage/" + node);
  if (reported == 0 || call.identity->may(access::Verb::administer, call.workspace, access::everyName)) return;
  auto entry = transaction.query("SELECT body FROM ledger_entry WHERE id = $1", {reported});
  if (entry.next() && memberText(parseJson(entry.view(0)).as_object(), "actor") != call.actor().name)
    throw error(Code::denied, "the run {} was reported by somebody else; give your run an id of its own", node);
}

/// A run of MLflow by its id, with or without dashes; else the run of the job.
std::string runNode(db::Transaction& transaction, const Call& call, const json::object& run, const json::object& job) {
  std::string id = textOf(run, "runId", "run");
  std::string plain = id;
  std::erase(plain, '-');
  if (tracking::findRun(transaction, call.workspace, plain) &&
      scopeOf(call, transaction).run(access::Verb::read, plain)) {
    requireRun(call, access::Verb::write, transaction, plain);
    return "run/" + plain;
  }
  std::string node =
      redactText(fmt::format("job/{}/{}#{}", textOf(job, "namespace", "job"), textOf(job, "name", "job"), id));
  requireReporter(transaction, call, node);
  return node;
}

/// The version of a dataset that an event names, for nodes of other places.
std::string foreignVersion(const json::object& dataset) {
  const json::value* facets = dataset.if_contains("facets");
  const json::value* version = facets && facets->is_object() ? facets->get_object().if_contains("version") : nullptr;
  return version && version->is_object() ? memberText(version->get_object(), "datasetVersion") : "";
}

std::string datasetNode(db::Transaction& transaction, const Call& call, const json::value& value,
                        const std::string& field, access::Verb verb) {
  if (!value.is_object()) throw Invalid(field, "must be an object");
  const json::object& dataset = value.get_object();
  std::string space = textOf(dataset, "namespace", field), name = textOf(dataset, "name", field);
  if (space != here) {
    std::string version = foreignVersion(dataset);
    // Addresses can hold passwords and signatures, and nodes are in the ledger.
    return fmt::format("openlineage/{}/{}{}{}", redactText(space), redactText(name), version.empty() ? "" : "#",
                       version);
  }
  std::size_t slash = name.find('/'), at = name.rfind('@');
  auto kind = slash == std::string::npos ? std::nullopt : registry::parseKind(name.substr(0, slash));
  if (!kind || at == std::string::npos || at < slash)
    throw Invalid(field + ".name", "must be KIND/NAME@VERSION in the namespace regesta");
  registry::AssetKey key{call.workspace, *kind, name.substr(slash + 1, at - slash - 1)};
  call.require(verb, key.name);
  return registry::resolveVersion(transaction, key, name.substr(at + 1)).subject();
}

}  // namespace

LineageEventAnswer addLineage(Call& call, const LineageEvent& event) {
  auto time = parseTime(event.eventTime);
  if (!time) throw Invalid("eventTime", "must be an RFC 3339 time");
  json::object run = objectOf(event.run, "run"), job = objectOf(event.job, "job");
  json::array inputs = listOf(event.inputs, "inputs"), outputs = listOf(event.outputs, "outputs");
  call.status = 201;
  return call.core.store.change(call.actor(), [&](registry::Change& change) {
    LineageEventAnswer answer;
    if (run.empty()) return answer;  // of a job or dataset: nothing ran
    db::Transaction& transaction = change.transaction;
    answer.node = runNode(transaction, call, run, job);
    // What was known at a moment must not change afterwards, so edges have the time at which they came.
    std::vector<registry::Edge> edges;
    for (std::size_t i = 0; i < inputs.size(); ++i)
      edges.push_back({datasetNode(transaction, call, inputs[i], fmt::format("inputs[{}]", i), access::Verb::read),
                       answer.node, "input", change.now});
    for (std::size_t i = 0; i < outputs.size(); ++i)
      edges.push_back({answer.node,
                       datasetNode(transaction, call, outputs[i], fmt::format("outputs[{}]", i), access::Verb::write),
                       "output", change.now});
    json::array added;
    for (const registry::Edge& edge : edges) {
      if (edge.from.size() > nodeLength || edge.to.size() > nodeLength)
        throw Invalid("inputs", fmt::format("must name nodes of at most {} bytes", nodeLength));
      auto known = transaction.query(
          "SELECT 1 FROM lineage_edge WHERE workspace = $1 AND origin = $2 AND target = $3 AND relation = $4",
          {call.workspace, edge.from, edge.to, edge.relation});
      if (known.next()) continue;
      registry::addEdge(transaction, call.workspace, edge);
      added.push_back(json::object{{"from", edge.from}, {"to", edge.to}, {"relation", edge.relation}});
    }
    transaction.run("INSERT INTO lineage_event (workspace, at, node, body) VALUES ($1, $2, $3, $4)",
                    {call.workspace, *time, answer.node, call.http.body});
    answer.edges = static_cast<std::int64_t>(added.size());
    if (!added.empty())
      change.record(registry::Action::lineageAdded, call.workspace, "lineage/" + answer.node,
                    {{"edges", std::move(added)}, {"event_digest", crypto::sha256Hex(call.http.body)}});
    return answer;
  });
}

ImpactAnswer lineageImpact(Call& call, const ImpactQuery& query) {
  LineageQuery downstream;
  downstream.node = query.node;
  downstream.direction = "downstream";
  LineageAnswer graph = lineageGraph(call, downstream);
  ImpactAnswer answer{graph.root, {}};
  return call.core.store.read([&](db::Transaction& transaction) {
    for (const LineageNode& node : graph.nodes) {
      if (node.id == graph.root) continue;
      ImpactItem item{node.id, node.pointers, 0};
      if (auto version = registry::findVersionAt(transaction, call.workspace, node.id))
        item.records = record::countOf(transaction, *version);
      answer.affected.push_back(std::move(item));
    }
    return answer;
  });
}

}  // namespace regesta::api::native
