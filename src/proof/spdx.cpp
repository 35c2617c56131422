// SPDX 3.0.1 with the profiles AI and Dataset: https://spdx.github.io/spdx-spec/v3.0.1/
#include <algorithm>
#include <set>

#include "base/encoding.h"
#include "base/text.h"
#include "base/time.h"
#include "proof/bom.h"

namespace regesta::proof {
namespace {

using Type = BomMaterial::Type;
using registry::Kind;

constexpr std::string_view creation = "_:creation";
constexpr std::string_view noAssertion = "NOASSERTION";

/// SPDX has whole seconds.
std::string moment(std::int64_t millis) { return formatTime(millis).substr(0, 19) + "Z"; }

json::array sha256(std::string_view digest) {
  return {json::object{{"type", "Hash"}, {"algorithm", "sha256"}, {"hashValue", digest}}};
}

json::object entry(std::string_view key, std::string_view value) {
  return {{"type", "DictionaryEntry"}, {"key", key}, {"value", value}};
}

std::string joined(const std::vector<std::string>& texts) { return join(texts, "\n\n"); }

class SpdxWriter {
 public:
  explicit SpdxWriter(const Bom& bom) : bom_(bom), base_(fmt::format("urn:uuid:{}#", bom.uuid())) {}

  json::object write() {
    graph_.push_back(json::object{{"type", "CreationInfo"},
                                  {"@id", creation},
                                  {"specVersion", "3.0.1"},
                                  {"created", moment(bom_.version.createdAt)},
                                  {"createdBy", json::array{agent(bom_.version.createdBy)}},
                                  {"createdUsing", json::array{id("tool")}}});
    element("Tool", id("tool"), {{"name", "regesta " + bom_.program}});
    subject();
    files();
    materials();
    licenses();
    evidence();
    element("SpdxDocument", id("document"),
            {{"name", bom_.uri()},
             {"dataLicense", license({.id = "CC0-1.0"})},
             {"profileConformance", json::array{"core", "software", "ai", "dataset", "simpleLicensing"}},
             {"rootElement", json::array{root()}}});
    json::array elements;
    for (const std::string& one : ids_)
      if (one != id("document")) elements.emplace_back(one);
    graph_.back().as_object()["element"] = std::move(elements);
    return {{"@context", "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"}, {"@graph", std::move(graph_)}};
  }

 private:
  std::string id(std::string_view name) const { return base_ + percentEncode(name, true); }
  std::string root() const { return id(bom_.version.subject()); }

  void element(std::string_view type, const std::string& id, json::object members) {
    json::object stated{{"type", type}, {"spdxId", id}, {"creationInfo", creation}};
    for (auto& [name, value] : members) stated[name] = std::move(value);
    graph_.push_back(std::move(stated));
    ids_.insert(id);
  }

  std::string agent(const std::string& name) {
    std::string shown = name.empty() ? "unknown" : name;
    std::string made = id("agent/" + shown);
    if (!ids_.contains(made)) element("Agent", made, {{"name", shown}});
    return made;
  }

  void relate(const std::string& from, std::string_view type, json::array to) {
    if (to.empty()) return;
    element("Relationship", id(fmt::format("relationship/{}", ++relationships_)),
            {{"from", from}, {"relationshipType", type}, {"to", std::move(to)}});
  }

  json::object package(std::string_view name, std::string_view version, std::string_view digest,
                       std::string_view description, std::string_view link, std::string_view purpose) const {
    json::object members{{"name", name},
                         {"software_primaryPurpose", purpose},
                         {"software_downloadLocation", link.empty() ? noAssertion : link}};
    if (!version.empty()) members["software_packageVersion"] = version;
    if (!description.empty()) members["description"] = description;
    if (!digest.empty()) members["verifiedUsing"] = sha256(digest);
    return members;
  }

  /// Who made it and when, and of which type it is: the Dataset profile asks for all of them.
  void describeDataset(json::object& members, const std::string& originator, std::int64_t at) {
    members["originatedBy"] = json::array{agent(originator)};
    members["builtTime"] = moment(at);
    members["releaseTime"] = moment(at);
    members["dataset_datasetType"] = json::array{"noAssertion"};
  }

  void subject() {
    const registry::Version& version = bom_.version;
    Kind kind = version.asset.key.kind;
    std::string_view purpose = kind == Kind::model ? "model" : kind == Kind::dataset ? "data" : "other";
    json::object members =
        package(version.asset.key.name, version.semver.empty() ? std::to_string(version.number) : version.semver,
                version.digest, version.description, bom_.link(), purpose);
    members["suppliedBy"] = agent(version.createdBy);
    members["releaseTime"] = moment(version.createdAt);
    if (kind == Kind::dataset) describeDataset(members, version.createdBy, version.createdAt);
    if (!bom_.commit.empty()) members["software_sourceInfo"] = fmt::format("{} {}", bom_.repository, bom_.commit);
    if (kind == Kind::model) describeModel(members);
    element(kind == Kind::model     ? "ai_AIPackage"
            : kind == Kind::dataset ? "dataset_DatasetPackage"
                                    : "software_Package",
            root(), std::move(members));
  }

  void describeModel(json::object& members) const {
    json::array params, metrics;
    for (const auto& [name, value] : bom_.params) params.push_back(entry(name, value));
    for (const BomMetric& metric : bom_.metrics)
      metrics.push_back(
          entry(metric.slice.empty() ? metric.type : fmt::format("{} ({})", metric.type, metric.slice), metric.value));
    if (!params.empty()) members["ai_hyperparameter"] = std::move(params);
    if (!metrics.empty()) members["ai_metric"] = std::move(metrics);
    if (!bom_.task.empty()) members["ai_domain"] = json::array{bom_.task};
    if (!bom_.uses.empty()) members["ai_informationAboutApplication"] = joined(bom_.uses);
    if (!bom_.training.empty()) members["ai_informationAboutTraining"] = joined(bom_.training);
    if (!bom_.limitations.empty()) members["ai_limitation"] = joined(bom_.limitations);
  }

  void files() {
    json::array contained;
    for (const registry::VersionFile& file : bom_.files) {
      std::string made = id("file/" + file.path);
      element("software_File", made,
              {{"name", file.path}, {"software_fileKind", "file"}, {"verifiedUsing", sha256(file.digest)}});
      contained.emplace_back(made);
    }
    for (const registry::VersionReference& one : bom_.references) {
      std::string made = id("file/" + one.path);
      element("software_File", made,
              {{"name", one.path},
               {"software_fileKind", "file"},
               {"comment", fmt::format("kept at {}, digest {}", one.uri, one.digest)}});
      contained.emplace_back(made);
    }
    relate(root(), "contains", std::move(contained));
  }

  std::string material(const BomMaterial& material) {
    std::string made = id(material.node);
    json::object members =
        package(material.name, material.version, material.sha256, material.description, bom_.link(material),
                material.type == Type::dataset ? "data"
                : material.type == Type::model ? "model"
                                               : "other");
    if (!material.digest.empty()) members["comment"] = "digest " + material.digest;
    std::string_view type = "software_Package";
    if (material.type == Type::dataset) {
      type = "dataset_DatasetPackage";
      describeDataset(members, material.originator, material.at);
    } else if (material.type == Type::model) {
      type = "ai_AIPackage";
      members["suppliedBy"] = agent(material.originator);
      members["releaseTime"] = moment(material.at);
    }
    element(type, made, std::move(members));
    return made;
  }

  void materials() {
    json::array trained, tested, ancestors, others;
    for (const BomMaterial& one : bom_.materials) {
      std::string made = material(one);
      if (one.type == Type::dataset && bom_.version.asset.key.kind == Kind::model) {
        if (one.trained) trained.emplace_back(made);
        if (one.tested) tested.emplace_back(made);
      } else {
        (one.type == Type::model ? ancestors : others).emplace_back(made);
      }
    }
    if (!bom_.baseModel.empty()) {
      std::string made = id("base-model/" + bom_.baseModel);
      element("software_Package", made, package(bom_.baseModel, {}, {}, {}, {}, "model"));
      ancestors.emplace_back(made);
    }
    relate(root(), "trainedOn", std::move(trained));
    relate(root(), "testedOn", std::move(tested));
    relate(root(), "descendantOf", std::move(ancestors));
    relate(root(), "dependsOn", std::move(others));
  }

  /// The element with the expression of a license. SPDX has a name that it does not list as "LicenseRef-…".
  std::string license(const License& license) {
    std::string expression = license.id + license.expression;
    json::object members;
    if (expression.empty()) {
      expression = "LicenseRef-";
      for (char c : license.name)
        expression += (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ? c : '-';
      std::string text = id("license-text/" + license.name);
      if (!ids_.contains(text))
        element("simplelicensing_SimpleLicensingText", text,
                {{"name", license.name}, {"simplelicensing_licenseText", license.name}});
      members["simplelicensing_customIdToUri"] = json::array{entry(expression, text)};
    }
    std::string made = id("license/" + expression);
    if (ids_.contains(made)) return made;
    members["simplelicensing_licenseExpression"] = expression;
    element("simplelicensing_LicenseExpression", made, std::move(members));
    return made;
  }

  void licenses() {
    for (const License& one : bom_.licenses) relate(root(), "hasDeclaredLicense", {license(one)});
  }

  void evidence() {
    json::array made;
    for (const BomEvidence& one : bom_.evidence) {
      made.emplace_back(id(fmt::format("evidence/{}", one.id)));
      element("software_File", id(fmt::format("evidence/{}", one.id)),
              {{"name", fmt::format("evidence/{}.json", one.id)},
               {"summary", fmt::format("{} {}", one.verified ? "verified" : "claimed", one.type)},
               {"software_primaryPurpose", "evidence"},
               {"verifiedUsing", sha256(one.digest)}});
    }
    relate(root(), "hasEvidence", std::move(made));
  }

  const Bom& bom_;
  std::string base_;
  json::array graph_;
  std::set<std::string> ids_;
  int relationships_ = 0;
};

}  // namespace

json::object spdx(const Bom& bom) { return SpdxWriter(bom).write(); }

}  // namespace regesta::proof
