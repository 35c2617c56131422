#pragma once
#include "api/native/common.h"

namespace regesta::api::native {

struct EvidenceAnswer {
  std::int64_t id = 0;
  std::string kind, name;
  std::int64_t version = 0;
  std::string versionDigest, type;
  bool verified = false;
  std::string origin;
  std::optional<std::int64_t> job;
  std::string digest, by;
  std::optional<std::string> at;
  RawJson summary, body;
  std::vector<std::int64_t> applied;
  static constexpr Field fields[] = {
      field<&EvidenceAnswer::id>("id"),
      field<&EvidenceAnswer::kind>("kind"),
      field<&EvidenceAnswer::name>("name"),
      field<&EvidenceAnswer::version>("version"),
      field<&EvidenceAnswer::versionDigest>("version_digest"),
      field<&EvidenceAnswer::type>("type"),
      field<&EvidenceAnswer::verified>("verified",
                                       about("computed by this server from the predictions that `by` supplied; false: "
                                             "claimed by who sent it")),
      field<&EvidenceAnswer::origin>("origin", about("client: sent; server: computed here; runner: reported by the "
                                                     "runner that leased `job`")),
      field<&EvidenceAnswer::job>("job", about("of a runner's report")),
      field<&EvidenceAnswer::digest>("digest"),
      field<&EvidenceAnswer::by>("by"),
      field<&EvidenceAnswer::at>("at"),
      field<&EvidenceAnswer::summary>("summary", about("what policies see")),
      field<&EvidenceAnswer::body>("body", about("only when one is asked for")),
      field<&EvidenceAnswer::applied>("applied", about("change requests that were carried out because of it"))};
};
struct EvidenceQuery {
  std::string kind, name, version, pageToken;
  std::int64_t pageSize = 0;
  static constexpr Field fields[] = {
      field<&EvidenceQuery::kind>("kind", required), field<&EvidenceQuery::name>("name", required),
      field<&EvidenceQuery::version>("version", about("a selector; absent: every version")),
      field<&EvidenceQuery::pageToken>("page_token"), field<&EvidenceQuery::pageSize>("page_size", pageRule)};
};
struct VersionChoice {
  std::string kind, name;
  RawJson version;
  static constexpr Field fields[] = {field<&VersionChoice::kind>("kind", required),
                                     field<&VersionChoice::name>("name", required),
                                     field<&VersionChoice::version>("version", present)};
};
struct NewEvidence {
  VersionChoice asset;
  std::string type;
  RawJson body;
  std::string digest;
  static constexpr std::string_view documentation =
      "The evidence is marked as claimed, because the server did not compute it; a signature is verified. `POST "
      "/api/v1/evidence/evaluate` creates verified evidence.";
  static constexpr Field fields[] = {
      field<&NewEvidence::asset>("asset", required),
      field<&NewEvidence::type>(
          "type", required | about("card, scan, attestation, golden-test, evaluation, fairness or signature")),
      field<&NewEvidence::body>("body", present),
      field<&NewEvidence::digest>("digest", about("SHA-256 of the body's canonical JSON, to be checked"))};
};
struct ModelChoice {
  std::string name;
  RawJson version;
  static constexpr Field fields[] = {field<&ModelChoice::name>("name", required),
                                     field<&ModelChoice::version>("version", present)};
};
struct DatasetChoice {
  std::string name;
  RawJson version;
  std::string file;
  static constexpr Field fields[] = {field<&DatasetChoice::name>("name", required),
                                     field<&DatasetChoice::version>("version"),
                                     field<&DatasetChoice::file>("file", about("needed when the version has several"))};
};
struct PredictionsChoice {
  std::string runId, modelId, digest, path;
  static constexpr Field fields[] = {
      field<&PredictionsChoice::runId>("run_id"), field<&PredictionsChoice::modelId>("model_id"),
      field<&PredictionsChoice::digest>("digest", about("of a stored blob")),
      field<&PredictionsChoice::path>("path", about("below the run's or model's artifacts"))};
};
struct EvaluateOrder {
  ModelChoice model;
  DatasetChoice dataset;
  PredictionsChoice predictions;
  std::string label, prediction, score;
  std::vector<std::string> groups;
  RawJson positive;
  std::string join;
  static constexpr std::string_view documentation =
      "The server computes metrics and fairness from the stored predictions and attaches them as verified "
      "evidence.";
  static constexpr Field fields[] = {
      field<&EvaluateOrder::model>("model", required),
      field<&EvaluateOrder::dataset>("dataset", required),
      field<&EvaluateOrder::predictions>("predictions", required),
      field<&EvaluateOrder::label>("label", required | about("the dataset's column with the truth")),
      field<&EvaluateOrder::prediction>("prediction", about("the predictions' column; default \"prediction\"")),
      field<&EvaluateOrder::score>("score", about("the predictions' column with scores, for the AUC")),
      field<&EvaluateOrder::groups>("groups", atMost(8)),
      field<&EvaluateOrder::positive>("positive", about("the value that counts as selected; default 1")),
      field<&EvaluateOrder::join>("join", about("a column of both files; absent: rows in the same order"))};
};
struct EvaluateAnswer {
  std::int64_t id = 0;
  std::optional<std::int64_t> fairnessId;
  std::string digest;
  RawJson metrics, fairness;
  std::vector<std::int64_t> applied;
  static constexpr Field fields[] = {
      field<&EvaluateAnswer::id>("id"),
      field<&EvaluateAnswer::fairnessId>("fairness_id"),
      field<&EvaluateAnswer::digest>("digest"),
      field<&EvaluateAnswer::metrics>("metrics"),
      field<&EvaluateAnswer::fairness>("fairness"),
      field<&EvaluateAnswer::applied>("applied", about("change requests that were carried out because of it"))};
};

Page<EvidenceAnswer> listEvidence(Call& call, const EvidenceQuery& query);
struct ScanOrder {
  VersionChoice asset;
  static constexpr std::string_view documentation =
      "Scans the files for code that runs when they are loaded, and for other attacks. The server scans new versions "
      "automatically unless `scan.arrivals` is false.";
  static constexpr Field fields[] = {field<&ScanOrder::asset>("asset", required)};
};
struct ReleaseOrder {
  std::string kind, name, selector, reason;
  static constexpr std::string_view documentation =
      "A version is in quarantine while its newest scan by the server has a critical finding: no alias or stage moves "
      "to "
      "it. Anyone who may approve and is not its author can release it.";
  static constexpr Field fields[] = {
      field<&ReleaseOrder::kind>("kind", required), field<&ReleaseOrder::name>("name", required),
      field<&ReleaseOrder::selector>("selector", required), field<&ReleaseOrder::reason>("reason", required)};
};
EvidenceAnswer scanEvidence(Call& call, const ScanOrder& order);
EvidenceAnswer releaseVersion(Call& call, const ReleaseOrder& order);

EvidenceAnswer addEvidence(Call& call, const NewEvidence& request);
EvidenceAnswer getEvidence(Call& call, const NumberOnly& path);
EvaluateAnswer evaluateEvidence(Call& call, const EvaluateOrder& order);

}  // namespace regesta::api::native
