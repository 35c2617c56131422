#include "proof/attestation.h"

#include "base/error.h"
#include "base/text.h"
#include "base/time.h"
#include "proof/bundle.h"

namespace regesta::proof {
namespace {

constexpr std::string_view provenanceType = "https://slsa.dev/provenance/v1";
constexpr std::string_view summaryType = "https://slsa.dev/verification_summary/v1";
constexpr std::string_view buildType = "https://regesta.dev/build/run/v1";

std::string uriOf(const registry::Version& version) {
  return fmt::format("regesta:{}/{}", version.asset.key.workspace, version.subject());
}

json::object statementOf(const registry::Version& version, const FileDigests& files, std::string_view type,
                         json::object predicate) {
  return {{"_type", statementType},
          {"subject", subjectOf(version, files)},
          {"predicateType", type},
          {"predicate", std::move(predicate)}};
}

const json::object* child(const json::object& parent, std::string_view name) {
  const json::value* value = parent.if_contains(name);
  return value && value->is_object() ? &value->get_object() : nullptr;
}

/// Datasets and code that the run used.
json::array materialsOf(const json::object& described) {
  json::array materials;
  if (const json::object* lineage = child(described, "lineage"))
    if (const json::value* datasets = lineage->if_contains("datasets"); datasets && datasets->is_array())
      for (const json::value& item : datasets->get_array()) {
        json::object material{{"uri", "regesta:" + memberText(item.as_object(), "node")},
                              {"name", memberText(item.as_object(), "name")}};
        std::string digest = memberText(item.as_object(), "digest");
        if (!digest.empty())
          material[digest.size() == 64 ? "digest" : "annotations"] =
              json::object{{digest.size() == 64 ? "sha256" : "digest", digest}};
        materials.push_back(std::move(material));
      }
  if (const json::object* run = child(described, "run"))
    if (const json::object* tags = child(*run, "tags")) {
      std::string commit = memberText(*tags, "mlflow.source.git.commit");
      if (!commit.empty())
        materials.push_back(json::object{{"uri", memberText(*tags, "mlflow.source.git.repoURL")},
                                         {"name", "source"},
                                         {"digest", json::object{{"gitCommit", commit}}}});
    }
  return materials;
}

}  // namespace

json::array subjectOf(const registry::Version& version, const FileDigests& files) {
  json::array subject;
  for (const auto& [path, digest] : files)
    subject.push_back(json::object{{"name", path}, {"digest", json::object{{"sha256", digest}}}});
  if (subject.empty())
    subject.push_back(json::object{{"name", version.subject()}, {"digest", json::object{{"sha256", version.digest}}}});
  return subject;
}

json::object provenanceOf(const registry::Version& version, const FileDigests& files, const json::object& described,
                          std::string_view builder) {
  json::object external{{"version", uriOf(version)}, {"source", version.source}};
  json::object metadata;
  json::array byproducts;
  if (const json::object* run = child(described, "run")) {
    metadata["invocationId"] = memberText(*run, "id");
    if (const json::object* params = child(*run, "params")) external["parameters"] = *params;
    if (const json::object* metrics = child(*run, "metrics"); metrics && !metrics->empty())
      byproducts.push_back(json::object{{"name", "metrics"}, {"annotations", *metrics}});
  }
  metadata["finishedOn"] = formatTime(version.createdAt);
  json::object details{{"builder", json::object{{"id", builder}}}, {"metadata", std::move(metadata)}};
  if (!byproducts.empty()) details["byproducts"] = std::move(byproducts);
  return statementOf(
      version, files, provenanceType,
      {{"buildDefinition", json::object{{"buildType", buildType},
                                        {"externalParameters", std::move(external)},
                                        {"internalParameters", json::object{{"registered_by", version.createdBy},
                                                                            {"digest", version.digest}}},
                                        {"resolvedDependencies", materialsOf(described)}}},
       {"runDetails", std::move(details)}});
}

json::object summaryOf(const governance::Decision& decision, const registry::Version& version, const FileDigests& files,
                       std::string_view verifier) {
  bool passed = decision.result == governance::DecisionResult::allowed;
  json::array policies;
  json::value body = parseJson(decision.body);
  for (const json::value& evaluation : body.at("evaluations").as_array())
    policies.push_back(json::object{
        {"uri", fmt::format("regesta:{}/{}", decision.key.workspace, memberText(evaluation.as_object(), "policy"))},
        {"digest", json::object{{"sha256", memberText(evaluation.as_object(), "policy_digest")}}}});
  json::object policy{{"uri", fmt::format("regesta:decision/{}", decision.digest)},
                      {"digest", json::object{{"sha256", decision.digest}}}};
  if (policies.size() == 1) policy = policies[0].as_object();
  return statementOf(
      version, files, summaryType,
      {{"verifier", json::object{{"id", verifier}}},
       {"timeVerified", formatTime(decision.at)},
       {"resourceUri", fmt::format("{}#{}", uriOf(version), decision.pointer.text())},
       {"policy", std::move(policy)},
       {"inputAttestations", json::array{json::object{{"uri", fmt::format("regesta:decision/{}", decision.digest)},
                                                      {"digest", json::object{{"sha256", decision.digest}}}}}},
       {"verificationResult", passed ? "PASSED" : "FAILED"},
       {"verifiedLevels", passed ? json::array{"REGESTA_GATE"} : json::array{"FAILED"}},
       {"slsaVersion", "1.2"}});
}

}  // namespace regesta::proof
