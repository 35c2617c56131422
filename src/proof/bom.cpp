#include "proof/bom.h"

#include <algorithm>
#include <optional>

#include "base/encoding.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "governance/decision_view.h"
#include "governance/input.h"
#include "governance/readable_lineage.h"
#include "proof/bom_card.h"
#include "registry/lineage.h"
#include "registry/version_node.h"

namespace regesta::proof {
namespace {

using Type = BomMaterial::Type;
using registry::Kind;

const json::object* child(const json::object* parent, std::string_view name) {
  const json::value* value = parent ? parent->if_contains(name) : nullptr;
  return value && value->is_object() ? &value->get_object() : nullptr;
}

std::string textOf(const json::value& value) {
  return value.is_string() ? std::string(std::string_view(value.get_string())) : writeJson(value);
}

Type typeOf(Kind kind) {
  return kind == Kind::dataset  ? Type::dataset
         : kind == Kind::model  ? Type::model
         : kind == Kind::prompt ? Type::prompt
                                : Type::other;
}

/// Nothing for runs, jobs and commits, which are not materials.
std::optional<BomMaterial> materialOf(db::Transaction& transaction, const std::string& workspace,
                                      const std::string& node) {
  BomMaterial material;
  material.node = node;
  if (auto parsed = registry::versionNode(workspace, node)) {
    material.type = typeOf(parsed->key.kind);
    material.name = parsed->key.name;
    material.version = std::to_string(parsed->number);
    if (auto version = registry::findVersionAt(transaction, workspace, node)) {
      material.registered = true;
      material.sha256 = version->digest;
      material.description = version->description;
      material.originator = version->createdBy;
      material.at = version->createdAt;
    }
    return material;
  }
  if (governance::isDatasetInput(node)) {
    std::string_view rest = std::string_view(node).substr(node.find('/') + 1);
    std::size_t mark = rest.rfind('#');
    material.type = Type::dataset;
    material.name = rest.substr(0, mark);
    std::string_view digest = rest.substr(mark + 1);
    (isLowerHex(digest, 64) ? material.sha256 : material.digest) = digest;
    return material;
  }
  constexpr std::string_view outside = "openlineage/";
  if (!node.starts_with(outside)) return std::nullopt;
  material.type = Type::dataset;
  material.name = node.substr(outside.size());
  return material;
}

void takeMaterials(Bom& bom, db::Transaction& transaction, const governance::Scope& scope) {
  constexpr std::size_t edgesAtMost = 1000;
  const std::string& workspace = bom.version.asset.key.workspace;
  const std::string subject = bom.version.subject();
  std::map<std::string, BomMaterial> materials;
  for (const registry::Edge& edge : governance::readableEdges(
           scope, subject,
           registry::lineage(transaction, workspace, subject, registry::Direction::upstream, 16, edgesAtMost))) {
    if (edge.from.starts_with("code/") && bom.commit.empty()) bom.commit = edge.from.substr(5);
    auto found = materials.find(edge.from);
    if (found == materials.end()) {
      auto material = materialOf(transaction, workspace, edge.from);
      if (!material || edge.from == subject) continue;
      if (material->at == 0) material->at = edge.at;
      found = materials.emplace(edge.from, *std::move(material)).first;
    }
    bool tested = edge.relation == "evaluated-on";
    found->second.tested |= tested && edge.to == subject;
    found->second.trained |= !tested;
  }
  for (auto& [node, material] : materials)
    if (material.tested || material.trained) bom.materials.push_back(std::move(material));
}

/// Of one column: the measures over all groups, and the numbers of each group.
void takeFairness(Bom& bom, const std::string& column, const json::object& about) {
  BomFairness worst{column, {}, {}, {}};
  double lowest = 2;
  for (const auto& [name, value] : about) {
    if (!value.is_number()) continue;
    bom.metrics.push_back({std::string(name), textOf(value), column});
    if (name == "demographic_parity_ratio") worst.parityRatio = textOf(value);
  }
  const json::object* groups = child(&about, "groups");
  if (!groups) return;
  for (const auto& [group, numbers] : *groups) {
    if (!numbers.is_object()) continue;
    for (const auto& [name, value] : numbers.get_object()) {
      if (!value.is_number()) continue;
      bom.metrics.push_back({std::string(name), textOf(value), fmt::format("{}={}", column, std::string_view(group))});
      if (name != "selection_rate" || value.to_number<double>() >= lowest) continue;
      lowest = value.to_number<double>();
      worst.group = group;
      worst.selectionRate = textOf(value);
    }
  }
  if (!worst.group.empty()) bom.fairness.push_back(std::move(worst));
}

void takeDescription(Bom& bom, const json::object& described) {
  if (const json::object* run = child(&described, "run")) {
    if (const json::object* params = child(run, "params"))
      for (const auto& [name, value] : *params) bom.params[std::string(name)] = textOf(value);
    if (const json::object* tags = child(run, "tags")) {
      bom.commit = memberText(*tags, "mlflow.source.git.commit");
      bom.repository = memberText(*tags, "mlflow.source.git.repoURL");
    }
  }
  if (const json::object* verified = child(child(&described, "metrics"), "verified"))
    for (const auto& [name, value] : *verified)
      if (value.is_number()) bom.metrics.push_back({std::string(name), textOf(value), {}});
  if (const json::object* fairness = child(&described, "fairness"))
    for (const auto& [column, about] : *fairness)
      if (about.is_object()) takeFairness(bom, std::string(column), about.get_object());
}

void takeCard(Bom& bom, db::Transaction& transaction) {
  auto card = std::ranges::find(bom.evidence, "card", &BomEvidence::type);
  if (card != bom.evidence.end())
    if (auto found = governance::findEvidence(transaction, card->id)) {
      bom.card = found->id;
      BomCard read = readBomCard(parseJson(found->body));
      for (const std::string& text : read.licenses) bom.licenses.push_back(readLicense(text));
      bom.task = std::move(read.task);
      bom.baseModel = std::move(read.baseModel);
      bom.uses = std::move(read.uses);
      bom.limitations = std::move(read.limitations);
      bom.ethics = std::move(read.ethics);
      bom.training = std::move(read.training);
    }
  auto tag = bom.version.tags.find("license");
  if (bom.licenses.empty() && tag != bom.version.tags.end() && !trim(tag->second).empty())
    bom.licenses.push_back(readLicense(tag->second));
}

std::vector<governance::Evidence> readableEvidence(const governance::Scope& scope,
                                                   std::vector<governance::Evidence> evidence) {
  std::erase_if(evidence, [&](const governance::Evidence& one) {
    json::value summary = parseJson(one.summary);
    return summary.is_object() && !governance::mayReadEvaluation(scope, summary.get_object());
  });
  return evidence;
}

std::string linkOf(std::string_view server, std::string_view kind, std::string_view name, std::string_view version) {
  return fmt::format("{}/api/v1/assets/{}/{}/versions/{}", server, kind, percentEncode(name), version);
}

}  // namespace

std::string Bom::uri() const { return fmt::format("regesta:{}/{}", version.asset.key.workspace, version.subject()); }

std::string Bom::link() const {
  const registry::AssetKey& key = version.asset.key;
  return linkOf(server, registry::kindName(key.kind), key.name, std::to_string(version.number));
}

std::string Bom::contentLink(std::string_view path) const {
  return fmt::format("{}/files/{}", link(), percentEncode(path, true));
}

std::string Bom::link(const BomMaterial& material) const {
  if (!material.registered) return {};
  return linkOf(server, std::string_view(material.node).substr(0, material.node.find('/')), material.name,
                material.version);
}

std::string Bom::uuid() const {
  std::string hex = crypto::sha256Hex(fmt::format("regesta bom\n{}\n{}\n", uri(), version.digest)).substr(0, 32);
  hex[12] = '8';  // RFC 9562: version 8, made by the application
  hex[16] = '8';
  return fmt::format("{}-{}-{}-{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(12, 4), hex.substr(16, 4),
                     hex.substr(20));
}

Bom gatherContent(db::Transaction& transaction, const governance::Scope& scope, const registry::Version& version,
                  const std::vector<governance::Evidence>& evidence, std::string_view server,
                  std::string_view program) {
  Bom bom;
  bom.version = version;
  bom.server = server;
  bom.program = program;
  bom.files = registry::versionFiles(transaction, version);
  std::ranges::sort(bom.files, {}, &registry::VersionFile::path);
  bom.references = registry::versionReferences(transaction, version);
  for (const governance::Evidence& one : readableEvidence(scope, evidence))
    bom.evidence.push_back({one.id, one.type, one.digest, one.verified});
  takeCard(bom, transaction);
  return bom;
}

Bom gatherBom(db::Transaction& transaction, const governance::Scope& scope, const registry::Version& version,
              const std::vector<governance::Evidence>& evidence, std::string_view server, std::string_view program) {
  Bom bom = gatherContent(transaction, scope, version, evidence, server, program);
  takeDescription(bom, governance::describeVersion(transaction, version, readableEvidence(scope, evidence), &scope));
  takeMaterials(bom, transaction, scope);
  return bom;
}

}  // namespace regesta::proof
