#include "base/error.h"
#include "base/text.h"
#include "evaluation/evaluate.h"
#include "registry/lineage.h"
#include "registry/reference.h"
#include "registry/tree.h"
#include "tracking/logged_model.h"
#include "tracking/seal.h"

namespace regesta::evaluation {

namespace {

constexpr std::uint64_t fileBytes = 64 * 1024 * 1024;

/// Everything an order names, looked up.
struct Sources {
  registry::Version model, dataset;
  registry::VersionFile datasetFile;
  std::string predictionsDigest;
  std::string runId;  // whose predictions they are, when that is known
};

registry::VersionFile chooseFile(db::Transaction& transaction, const registry::Version& dataset,
                                 const std::string& wanted) {
  std::vector<registry::VersionFile> files = registry::versionFiles(transaction, dataset);
  std::vector<std::string> paths;
  for (const registry::VersionFile& file : files) {
    if (wanted.empty() ? files.size() == 1 : file.path == wanted) return file;
    paths.push_back(file.path);
  }
  if (files.empty()) throw Invalid("dataset", fmt::format("must have files; {} has none", dataset.subject()));
  throw Invalid("dataset.file", "must be one of its files: " + shorten(join(paths, ", "), 500));
}

std::string treeDigest(db::Transaction& transaction, const std::string& workspace, const std::string& artifactUri,
                       const std::string& path) {
  auto folder = registry::treePath(artifactUri, workspace);
  if (!folder)
    throw Invalid("predictions", "must be files that this server stores; these are at " + shorten(artifactUri, 200));
  std::string whole = *folder + "/" + registry::safePath(path);
  auto file = registry::findFile(transaction, workspace, whole);
  if (!file) throw error(Code::notFound, "the artifact '{}' does not exist among the predictions' artifacts", path);
  return file->digest;
}

void findPredictions(db::Transaction& transaction, const EvaluationOrder& order, Sources& sources) {
  int named = static_cast<int>(!order.runId.empty()) + static_cast<int>(!order.modelId.empty()) +
              static_cast<int>(!order.digest.empty());
  if (named != 1) throw Invalid("predictions", "must name exactly one of run_id, model_id and digest");
  const std::string& workspace = order.model.workspace;
  if (!order.digest.empty()) {
    if (!blob::isDigest(order.digest))
      throw Invalid("predictions.digest", "must be a SHA-256 in lower-case hexadecimal");
    sources.predictionsDigest = order.digest;
    return;
  }
  if (order.path.empty()) throw Invalid("predictions.path", "is required");
  if (!order.runId.empty()) {
    tracking::Run run = tracking::getRun(transaction, workspace, order.runId);
    sources.runId = run.runId;
    sources.predictionsDigest = treeDigest(transaction, workspace, run.artifactUri, order.path);
  } else {
    tracking::LoggedModel model = tracking::getLoggedModel(transaction, workspace, order.modelId);
    sources.runId = model.sourceRun;
    sources.predictionsDigest = treeDigest(transaction, workspace, model.artifactUri, order.path);
  }
}

Sources find(db::Transaction& transaction, const EvaluationOrder& order) {
  Sources sources;
  sources.model = registry::resolveVersion(transaction, order.model, order.modelSelector);
  registry::AssetKey dataset{order.model.workspace, registry::Kind::dataset, order.dataset};
  sources.dataset =
      registry::resolveVersion(transaction, dataset, order.datasetSelector.empty() ? "latest" : order.datasetSelector);
  sources.datasetFile = chooseFile(transaction, sources.dataset, order.datasetFile);
  findPredictions(transaction, order, sources);
  return sources;
}

/// What the numbers were computed from: enough to compute them again.
json::object describe(const Sources& sources, const EvaluationOrder& order, const std::string& commit) {
  const Columns& columns = order.columns;
  return {{"dataset", json::object{{"name", sources.dataset.asset.key.name},
                                   {"version", sources.dataset.number},
                                   {"digest", sources.dataset.digest},
                                   {"file", sources.datasetFile.path},
                                   {"file_digest", sources.datasetFile.digest}}},
          {"predictions", json::object{{"digest", sources.predictionsDigest},
                                       {"path", textOrNull(order.path)},
                                       {"run_id", textOrNull(sources.runId)},
                                       {"model_id", textOrNull(order.modelId)}}},
          {"code", json::object{{"commit", textOrNull(commit)}, {"computed_by", order.computedBy}}},
          {"label", columns.label},
          {"prediction", columns.prediction},
          {"score", textOrNull(columns.score)},
          {"positive", columns.positive.empty() ? "1" : columns.positive},
          {"join", textOrNull(columns.join)}};
}

/// The run's seal goes into the same change: evidence cites what the run was at this moment. Returns the commit it
/// names.
std::string citeRun(registry::Change& change, const std::string& workspace, const std::string& runId) {
  if (runId.empty()) return {};
  auto run = tracking::findRun(change.transaction, workspace, runId);
  if (!run) return {};
  tracking::sealRun(change, *run, "cited");
  auto commit = run->tags.find("mlflow.source.git.commit");
  return commit == run->tags.end() ? std::string() : commit->second;
}

}  // namespace

EvaluationResult runEvaluation(registry::Store& store, blob::BlobStore& blobs, const registry::Actor& actor,
                               const EvaluationOrder& order) {
  Sources sources = store.read([&](db::Transaction& transaction) { return find(transaction, order); });
  std::string dataset = blob::get(blobs, sources.datasetFile.digest, fileBytes);
  std::string predictions = blob::get(blobs, sources.predictionsDigest, fileBytes);
  Evaluation numbers = evaluate(dataset, predictions, order.columns);

  return store.change(actor, [&](registry::Change& change) {
    registry::Version model = registry::getVersion(change.transaction, order.model, sources.model.number);
    json::object about = describe(sources, order, citeRun(change, order.model.workspace, sources.runId));
    EvaluationResult result;
    result.numbers = numbers;
    governance::NewEvidence evaluation{"evaluation", true, nullptr, about};
    evaluation.summary["metrics"] = numbers.metrics;
    if (!numbers.fairness.empty()) evaluation.summary["fairness"] = numbers.fairness;
    evaluation.body = evaluation.summary;
    result.evaluation = governance::addEvidence(change, model, evaluation);
    if (!numbers.fairness.empty()) {
      json::object groups{{"evaluation", result.evaluation.id}, {"fairness", numbers.fairness}};
      result.fairness = governance::addEvidence(change, model, {"fairness", true, groups, groups});
    }
    registry::addEdge(change.transaction, order.model.workspace,
                      {sources.dataset.subject(), model.subject(), "evaluated-on", change.now});
    return result;
  });
}

}  // namespace regesta::evaluation
