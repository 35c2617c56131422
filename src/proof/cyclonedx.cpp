// CycloneDX 1.6: https://cyclonedx.org/docs/1.6/json/
#include <algorithm>

#include "base/time.h"
#include "proof/bom.h"

namespace regesta::proof {
namespace {

using Type = BomMaterial::Type;
using registry::Kind;

json::array hashesOf(std::string_view sha256) { return {json::object{{"alg", "SHA-256"}, {"content", sha256}}}; }

json::object property(std::string_view name, std::string_view value) {
  return {{"name", fmt::format("regesta:{}", name)}, {"value", value}};
}

void putText(json::object& into, std::string_view name, std::string_view text) {
  if (!text.empty()) into[name] = text;
}
void putList(json::object& into, std::string_view name, json::array list) {
  if (!list.empty()) into[name] = std::move(list);
}
void putObject(json::object& into, std::string_view name, json::object object) {
  if (!object.empty()) into[name] = std::move(object);
}

std::string refOf(const Bom& bom, const BomMaterial& material) {
  return fmt::format("regesta:{}/{}", bom.version.asset.key.workspace, material.node);
}

json::array licensesOf(const Bom& bom) {
  json::array licenses;
  for (const License& license : bom.licenses) {
    // An expression stands alone in CycloneDX: next to other licenses it is stated by name.
    if (!license.expression.empty() && bom.licenses.size() == 1)
      return {json::object{{"expression", license.expression}}};
    json::object stated = !license.id.empty() ? json::object{{"id", license.id}}
                                              : json::object{{"name", license.expression + license.name}};
    licenses.push_back(json::object{{"license", std::move(stated)}});
  }
  return licenses;
}

bool isData(const BomMaterial& material) { return material.type == Type::dataset || material.type == Type::prompt; }

json::object componentOf(const Bom& bom, const BomMaterial& material) {
  json::object component{{"type", material.type == Type::model ? "machine-learning-model"
                                  : isData(material)           ? "data"
                                                               : "file"},
                         {"bom-ref", refOf(bom, material)},
                         {"name", material.name}};
  putText(component, "version", material.version);
  putText(component, "description", material.description);
  if (!material.sha256.empty()) component["hashes"] = hashesOf(material.sha256);
  std::string link = bom.link(material);
  if (isData(material)) {
    json::object data{{"type", material.type == Type::dataset ? "dataset" : "definition"}, {"name", material.name}};
    if (!link.empty()) data["contents"] = json::object{{"url", link}};
    component["data"] = json::array{std::move(data)};
  } else if (!link.empty()) {
    component["externalReferences"] = json::array{json::object{{"type", "distribution"}, {"url", link}}};
  }
  json::array properties{property("node", material.node)};
  if (!material.digest.empty()) properties.push_back(property("digest", material.digest));
  if (material.trained) properties.push_back(property("used-for", "training"));
  if (material.tested) properties.push_back(property("used-for", "evaluation"));
  component["properties"] = std::move(properties);
  return component;
}

json::object modelCardOf(const Bom& bom) {
  json::object parameters;
  putText(parameters, "task", bom.task);
  json::array datasets;
  for (const BomMaterial& material : bom.materials)
    if (material.type == Type::dataset) datasets.push_back(json::object{{"ref", refOf(bom, material)}});
  putList(parameters, "datasets", std::move(datasets));

  json::array metrics;
  for (const BomMetric& metric : bom.metrics) {
    json::object stated{{"type", metric.type}, {"value", metric.value}};
    putText(stated, "slice", metric.slice);
    metrics.push_back(std::move(stated));
  }
  json::object considerations;
  auto texts = [](const std::vector<std::string>& list) { return json::array(list.begin(), list.end()); };
  putList(considerations, "useCases", texts(bom.uses));
  putList(considerations, "technicalLimitations", texts(bom.limitations));
  json::array ethics, assessments;
  for (const std::string& text : bom.ethics) ethics.push_back(json::object{{"name", text}});
  for (const BomFairness& group : bom.fairness) {
    std::string harms = fmt::format("lowest selection rate by {}: {}", group.column, group.selectionRate);
    if (!group.parityRatio.empty()) harms += fmt::format("; demographic parity ratio: {}", group.parityRatio);
    assessments.push_back(
        json::object{{"groupAtRisk", fmt::format("{}={}", group.column, group.group)}, {"harms", std::move(harms)}});
  }
  putList(considerations, "ethicalConsiderations", std::move(ethics));
  putList(considerations, "fairnessAssessments", std::move(assessments));

  json::object card;
  putObject(card, "modelParameters", std::move(parameters));
  if (!metrics.empty()) card["quantitativeAnalysis"] = json::object{{"performanceMetrics", std::move(metrics)}};
  putObject(card, "considerations", std::move(considerations));
  json::array properties;
  for (const auto& [name, value] : bom.params) properties.push_back(property("param:" + name, value));
  putList(card, "properties", std::move(properties));
  return card;
}

json::object pedigreeOf(const Bom& bom) {
  json::object pedigree;
  json::array ancestors;
  for (const BomMaterial& material : bom.materials) {
    if (material.type != Type::model) continue;
    json::object ancestor = componentOf(bom, material);
    ancestor.erase("bom-ref");  // it is that of the component in the list
    ancestors.push_back(std::move(ancestor));
  }
  if (!bom.baseModel.empty())
    ancestors.push_back(json::object{{"type", "machine-learning-model"}, {"name", bom.baseModel}});
  putList(pedigree, "ancestors", std::move(ancestors));
  if (!bom.commit.empty()) pedigree["commits"] = json::array{json::object{{"uid", bom.commit}}};
  return pedigree;
}

json::array referencesOf(const Bom& bom) {
  json::array references{json::object{{"type", "distribution"}, {"url", bom.link()}},
                         json::object{{"type", "attestation"}, {"url", bom.link() + "/provenance"}}};
  for (const BomEvidence& evidence : bom.evidence)
    references.push_back(
        json::object{{"type", evidence.id == bom.card ? "model-card" : "evidence"},
                     {"url", fmt::format("{}/api/v1/evidence/{}", bom.server, evidence.id)},
                     {"comment", fmt::format("{} {}", evidence.verified ? "verified" : "claimed", evidence.type)},
                     {"hashes", hashesOf(evidence.digest)}});
  return references;
}

json::object subjectOf(const Bom& bom) {
  const registry::Version& version = bom.version;
  Kind kind = version.asset.key.kind;
  json::object component{{"type", kind == Kind::model      ? "machine-learning-model"
                                  : kind == Kind::artifact ? "file"
                                                           : "data"},
                         {"bom-ref", bom.uri()},
                         {"name", version.asset.key.name},
                         {"version", version.semver.empty() ? std::to_string(version.number) : version.semver},
                         {"authors", json::array{json::object{{"name", version.createdBy}}}},
                         {"hashes", hashesOf(version.digest)}};
  putText(component, "description", version.description);
  putList(component, "licenses", licensesOf(bom));
  putObject(component, "pedigree", pedigreeOf(bom));
  component["externalReferences"] = referencesOf(bom);
  if (kind == Kind::model)
    putObject(component, "modelCard", modelCardOf(bom));
  else if (kind != Kind::artifact)
    component["data"] = json::array{json::object{{"type", kind == Kind::dataset ? "dataset" : "definition"},
                                                 {"name", version.asset.key.name},
                                                 {"contents", json::object{{"url", bom.link()}}}}};
  json::array properties{property("workspace", version.asset.key.workspace),
                         property("version", std::to_string(version.number))};
  for (const auto& [name, value] : version.tags) properties.push_back(property("tag:" + name, value));
  component["properties"] = std::move(properties);
  return component;
}

}  // namespace

json::object cycloneDx(const Bom& bom) {
  json::array components, dependsOn;
  auto add = [&](json::object component) {
    dependsOn.push_back(component.at("bom-ref"));
    components.push_back(std::move(component));
  };
  for (const registry::VersionFile& file : bom.files)
    add({{"type", "file"},
         {"bom-ref", fmt::format("{}/{}", bom.uri(), file.path)},
         {"name", file.path},
         {"hashes", hashesOf(file.digest)},
         {"properties", json::array{property("size", std::to_string(file.size))}}});
  for (const registry::VersionReference& one : bom.references)
    add({{"type", "file"},
         {"bom-ref", fmt::format("{}/{}", bom.uri(), one.path)},
         {"name", one.path},
         {"properties", json::array{property("uri", one.uri), property("digest", one.digest),
                                    property("size", std::to_string(one.size))}}});
  for (const BomMaterial& material : bom.materials) add(componentOf(bom, material));

  json::object tool{{"type", "application"}, {"name", "regesta"}, {"version", bom.program}};
  json::object metadata{{"timestamp", formatTime(bom.version.createdAt)},
                        {"tools", json::object{{"components", json::array{std::move(tool)}}}},
                        {"component", subjectOf(bom)}};
  json::object document{{"$schema", "http://cyclonedx.org/schema/bom-1.6.schema.json"},
                        {"bomFormat", "CycloneDX"},
                        {"specVersion", "1.6"},
                        {"serialNumber", "urn:uuid:" + bom.uuid()},
                        {"version", bom.revision()},
                        {"metadata", std::move(metadata)}};
  putList(document, "components", std::move(components));
  json::object dependency{{"ref", bom.uri()}};
  putList(dependency, "dependsOn", std::move(dependsOn));
  document["dependencies"] = json::array{std::move(dependency)};
  return document;
}

}  // namespace regesta::proof
