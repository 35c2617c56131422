#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "governance/evidence.h"
#include "governance/scope.h"
#include "proof/license.h"
#include "registry/version.h"

/// Bills of materials (BOMs): what a version consists of and what it was made from. gatherBom() collects the facts
/// once; one writer per format states them.
namespace regesta::proof {

/// What a version was made from: a node of its lineage, upstream.
struct BomMaterial {
  enum class Type { dataset, model, prompt, other };
  Type type = Type::other;
  std::string node;  ///< as in lineage: "dataset/loans@1", "dataset/loans#d1", "openlineage/s3://raw/loans"
  std::string name, version;
  std::string sha256;  ///< of the content; empty: not known
  std::string digest;  ///< as a client gave it, if that is not a SHA-256
  std::string description, originator;
  std::int64_t at = 0;      ///< registration, or for a node that is not a version, when the edge was added
  bool registered = false;  ///< a live version of this server
  bool tested = false;      ///< the version was evaluated on it
  bool trained = false;     ///< the version was made from it
};

/// One value of a metric. `slice` is empty for all rows, "COLUMN" or "COLUMN=VALUE" for fairness by a column.
struct BomMetric {
  std::string type, value, slice;
};

/// The group of a column with the lowest selection rate.
struct BomFairness {
  std::string column, group, selectionRate, parityRatio;
};

struct BomEvidence {
  std::int64_t id = 0;
  std::string type, digest;
  bool verified = false;
};

struct Bom {
  registry::Version version;
  std::string server;                        ///< public URL
  std::string program;                       ///< version of this program
  std::vector<registry::VersionFile> files;  ///< by path
  std::vector<registry::VersionReference> references;
  std::vector<BomMaterial> materials;  ///< by node
  std::map<std::string, std::string> params;
  std::vector<BomMetric> metrics;  ///< of the newest verified evaluation
  std::vector<BomFairness> fairness;
  std::vector<BomEvidence> evidence;  ///< newest first
  std::vector<License> licenses;      ///< from the front matter of the newest card, else from the tag "license"
  std::string commit, repository;     ///< of the run's code
  std::string task;                   ///< "pipeline_tag" of the card
  std::string baseModel;              ///< "base_model" of the card: a model of another place
  std::int64_t card = 0;              ///< evidence with the newest card; 0: none
  std::vector<std::string> uses, limitations, ethics, training;  ///< texts of the card's sections

  std::string uri() const;                               ///< "regesta:WORKSPACE/model/loan@3"
  std::string contentLink(std::string_view path) const;  ///< of a file
  std::string link() const;                              ///< of the version in the native API
  std::string link(const BomMaterial& material) const;   ///< empty unless it is registered
  /// Made from workspace, version and digest: one version has one id.
  std::string uuid() const;
  /// Counts up when evidence is added.
  std::int64_t revision() const { return 1 + static_cast<std::int64_t>(evidence.size()); }
};

/// Only files, references, evidence and what the newest card says: enough for croissant().
Bom gatherContent(db::Transaction& transaction, const governance::Scope& scope, const registry::Version& version,
                  const std::vector<governance::Evidence>& evidence, std::string_view server, std::string_view program);
/// Contains what the caller may read. `evidence` is evidenceOn()'s, or the part of it that may be stated.
Bom gatherBom(db::Transaction& transaction, const governance::Scope& scope, const registry::Version& version,
              const std::vector<governance::Evidence>& evidence, std::string_view server, std::string_view program);

inline constexpr std::string_view cycloneDxPath = "bom.cdx.json";  ///< in an evidence pack
inline constexpr std::string_view spdxPath = "bom.spdx.json";

/// CycloneDX 1.6, as JSON.
json::object cycloneDx(const Bom& bom);
/// SPDX 3.0.1, as JSON-LD, with the profiles AI and Dataset.
json::object spdx(const Bom& bom);

}  // namespace regesta::proof
