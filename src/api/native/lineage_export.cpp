// Lineage in the forms that other tools read: PROV-JSON, OpenLineage, RO-Crate.
#include <map>
#include <set>

#include "api/native/lineage.h"
#include "api/native/openlineage.h"
#include "base/encoding.h"
#include "base/time.h"
#include "crypto/hash.h"

namespace regesta::api::native {
namespace {

bool isActivity(std::string_view node) { return node.starts_with("run/") || node.starts_with("job/"); }

/// A name in a namespace of PROV: letters, digits and '_' alone, so that every reader takes it.
std::string localName(std::string_view node) {
  std::string name;
  for (unsigned char c : node)
    if (std::isalnum(c))
      name += static_cast<char>(c);
    else
      name += fmt::format("_{:02x}", c);
  return name;
}

std::string provName(std::string_view node) { return "regesta:" + localName(node); }

json::object provOf(const LineageAnswer& graph, const std::string& base) {
  json::object entities, activities, used, generated, derived;
  for (const LineageNode& node : graph.nodes)
    (isActivity(node.id) ? activities : entities)[provName(node.id)] = json::object{{"prov:label", node.id}};
  std::size_t number = 0;
  for (const LineageEdge& edge : graph.edges) {
    std::string id = fmt::format("_:e{}", ++number);
    if (isActivity(edge.to))
      used[id] = json::object{{"prov:activity", provName(edge.to)}, {"prov:entity", provName(edge.from)}};
    else if (isActivity(edge.from))
      generated[id] = json::object{{"prov:entity", provName(edge.to)}, {"prov:activity", provName(edge.from)}};
    else
      derived[id] = json::object{{"prov:generatedEntity", provName(edge.to)}, {"prov:usedEntity", provName(edge.from)}};
    if (edge.at && isActivity(edge.from)) generated[id].as_object()["prov:time"] = *edge.at;
  }
  json::object document{{"prefix", json::object{{"regesta", base + "/lineage/"}}}};
  for (auto& [name, part] : {std::pair<std::string_view, json::object&>{"entity", entities},
                             {"activity", activities},
                             {"used", used},
                             {"wasGeneratedBy", generated},
                             {"wasDerivedFrom", derived}})
    if (!part.empty()) document[name] = std::move(part);
  return document;
}

/// OpenLineage wants a UUID: MLflow's ids are one without dashes; others are made from the node.
std::string runIdOf(std::string_view node) {
  std::size_t mark = node.rfind('#');
  if (node.starts_with("job/") && mark != std::string_view::npos) return std::string(node.substr(mark + 1));
  std::string hex(node.substr(node.find('/') + 1));
  if (!isLowerHex(hex, 32)) hex = crypto::sha256Hex(node).substr(0, 32);
  return fmt::format("{}-{}-{}-{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(12, 4), hex.substr(16, 4),
                     hex.substr(20));
}

json::object datasetOf(std::string_view node) {
  if (node.starts_with("openlineage/")) {
    // The namespace may hold slashes ("s3://bucket"): it ends before the last part that begins a name.
    std::string_view rest = node.substr(std::string_view("openlineage/").size());
    std::size_t scheme = rest.find("://");
    std::size_t slash = rest.find('/', scheme == std::string_view::npos ? 0 : scheme + 3);
    std::string_view name = slash == std::string_view::npos ? rest : rest.substr(slash + 1);
    return {{"namespace", rest.substr(0, slash)}, {"name", name.substr(0, name.rfind('#'))}};
  }
  return {{"namespace", "regesta"}, {"name", node}};
}

json::array openLineageOf(const LineageAnswer& graph, const std::string& base) {
  struct Run {
    json::array inputs, outputs;
    std::string at;
  };
  std::map<std::string, Run> runs;
  for (const LineageEdge& edge : graph.edges) {
    // What was made without a run (copied, registered) is a run of its own.
    bool plain = !isActivity(edge.from) && !isActivity(edge.to);
    std::string node = isActivity(edge.to) ? edge.to : isActivity(edge.from) ? edge.from : "registered/" + edge.to;
    Run& run = runs[node];
    if (edge.at && *edge.at > run.at) run.at = *edge.at;
    if (isActivity(edge.to) || plain) run.inputs.push_back(datasetOf(edge.from));
    if (plain ? run.outputs.empty() : isActivity(edge.from) && !isActivity(edge.to))
      run.outputs.push_back(datasetOf(edge.to));
  }
  json::array events;
  for (auto& [node, run] : runs)
    events.push_back(json::object{{"eventTime", run.at.empty() ? formatTime(nowMillis()) : run.at},
                                  {"eventType", "COMPLETE"},
                                  {"run", json::object{{"runId", runIdOf(node)}}},
                                  {"job", json::object{{"namespace", "regesta"}, {"name", node}}},
                                  {"inputs", std::move(run.inputs)},
                                  {"outputs", std::move(run.outputs)},
                                  {"producer", base},
                                  {"schemaURL", "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"}});
  return events;
}

json::object roCrateOf(const LineageAnswer& graph, const std::string& base) {
  auto idOf = [](std::string_view node) { return "#" + percentEncode(node, true); };
  auto reference = [&](std::string_view node) { return json::object{{"@id", idOf(node)}}; };
  json::array parts, mentions, items;
  std::map<std::string, json::object> actions;
  for (const LineageNode& node : graph.nodes) {
    if (isActivity(node.id)) {
      actions[node.id] = {{"@id", idOf(node.id)},
                          {"@type", "CreateAction"},
                          {"name", node.label},
                          {"object", json::array()},
                          {"result", json::array()}};
      mentions.push_back(reference(node.id));
    } else {
      items.push_back(json::object{{"@id", idOf(node.id)}, {"@type", "CreativeWork"}, {"name", node.id}});
      parts.push_back(reference(node.id));
    }
  }
  std::map<std::string, json::array> basedOn;
  for (const LineageEdge& edge : graph.edges) {
    if (isActivity(edge.to))
      actions[edge.to]["object"].as_array().push_back(reference(edge.from));
    else if (isActivity(edge.from))
      actions[edge.from]["result"].as_array().push_back(reference(edge.to));
    else
      basedOn[idOf(edge.to)].push_back(reference(edge.from));
  }
  for (json::value& item : items)
    if (auto found = basedOn.find(memberText(item.as_object(), "@id")); found != basedOn.end())
      item.as_object()["isBasedOn"] = std::move(found->second);
  json::array nodes{json::object{{"@id", "ro-crate-metadata.json"},
                                 {"@type", "CreativeWork"},
                                 {"conformsTo", json::object{{"@id", "https://w3id.org/ro/crate/1.1"}}},
                                 {"about", json::object{{"@id", "./"}}}},
                    json::object{{"@id", "./"},
                                 {"@type", "Dataset"},
                                 {"name", "Lineage of " + graph.root},
                                 {"description", fmt::format("Lineage of {} as {} has it", graph.root, base)},
                                 {"datePublished", graph.at ? *graph.at : formatTime(nowMillis())},
                                 {"license", "https://spdx.org/licenses/NONE.html"},
                                 {"hasPart", std::move(parts)},
                                 {"mentions", std::move(mentions)}}};
  for (json::value& item : items) nodes.push_back(std::move(item));
  for (auto& [node, action] : actions) nodes.push_back(std::move(action));
  return {{"@context", "https://w3id.org/ro/crate/1.1/context"}, {"@graph", std::move(nodes)}};
}

}  // namespace

Plain exportLineage(Call& call, const LineageExport& query) {
  LineageQuery wanted;
  wanted.node = query.node;
  wanted.direction = query.direction.empty() ? "upstream" : query.direction;
  if (wanted.direction != "upstream" && wanted.direction != "downstream" && wanted.direction != "both")
    throw Invalid("direction", "must be upstream, downstream or both");
  LineageAnswer graph = lineageGraph(call, wanted);
  const std::string& base = call.core.publicUrl;
  Plain response;
  if (query.format == "prov")
    response.body = writeJson(provOf(graph, base));
  else if (query.format == "openlineage")
    response.body = writeJson(openLineageOf(graph, base));
  else if (query.format == "ro-crate")
    response.body = writeJson(roCrateOf(graph, base));
  else
    throw Invalid("format", "must be prov, openlineage or ro-crate");
  return response;
}

}  // namespace regesta::api::native
