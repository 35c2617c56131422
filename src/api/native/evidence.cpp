#include "api/native/evidence.h"

#include "api/tracking_scope.h"
#include "base/text.h"
#include "base/work.h"
#include "evaluation/evaluate.h"
#include "evaluation/golden/golden.h"
#include "evaluation/scan/scan_version.h"
#include "evaluation/scan/withdraw.h"
#include "governance/decision_view.h"
#include "governance/evidence_owner.h"
#include "governance/gate.h"
#include "governance/quarantine.h"
#include "incident/report.h"
#include "proof/model_signature.h"

namespace regesta::api::native {

namespace {

namespace golden = regesta::evaluation::golden;

EvidenceAnswer answerOf(const governance::Evidence& evidence, bool withBody) {
  EvidenceAnswer answer;
  answer.id = evidence.id;
  answer.kind = registry::kindName(evidence.key.kind);
  answer.name = evidence.key.name;
  answer.version = evidence.number;
  answer.versionDigest = evidence.versionDigest;
  answer.type = evidence.type;
  answer.verified = evidence.verified;
  answer.origin = evidence.origin;
  if (evidence.job != 0) answer.job = evidence.job;
  answer.digest = evidence.digest;
  answer.by = evidence.createdBy;
  answer.at = timeText(evidence.createdAt);
  answer.summary.text = evidence.summary;
  if (withBody) answer.body.text = evidence.body;
  return answer;
}

/// A report of an incident names more than its version.
bool isHiddenReport(const Call& call, const governance::Evidence& evidence) {
  if (evidence.type != incident::reportType) return false;
  json::value body = parseJson(evidence.body);
  return !call.core.store.read([&](db::Transaction& transaction) {
    return governance::mayReadEvaluation(scopeOf(call, transaction), body.as_object());
  });
}

bool isOfHiddenDataset(const Call& call, const governance::Evidence& evidence) {
  if (evidence.type != golden::evidenceType || !evidence.verified) return false;
  json::value body = parseJson(evidence.body);
  std::string name = memberText(body.as_object().at("dataset").as_object(), "name");
  return !call.identity->may(access::Verb::read, evidence.key.workspace, name);
}

std::string scalarText(const RawJson& raw) {
  if (raw.text.empty()) return {};
  json::value value = parseJson(raw.text);
  if (value.is_string()) return std::string(value.as_string());
  if (value.is_null() || value.is_object() || value.is_array())
    throw Invalid("positive", "must be text, a number or a boolean");
  return writeJson(value);
}

/// A signature counts as verified: it proves itself, regardless of the sender.
governance::NewEvidence verifiedSignature(db::Transaction& transaction, const registry::Version& version,
                                          const json::value& body) {
  proof::FileDigests files;
  for (const registry::VersionFile& file : registry::versionFiles(transaction, version))
    files.emplace(file.path, file.digest);
  proof::SignatureClaim claim = proof::checkSignature(body, files);
  return {std::string(proof::signatureType), true, std::move(claim.body), std::move(claim.summary)};
}

}  // namespace

Page<EvidenceAnswer> listEvidence(Call& call, const EvidenceQuery& query) {
  registry::AssetKey key = readable(call, query.kind, query.name);
  std::int64_t before = readNumberToken(query.pageToken);
  return call.core.store.read([&](db::Transaction& transaction) {
    std::int64_t number = query.version.empty() ? 0 : registry::resolveVersion(transaction, key, query.version).number;
    registry::getAsset(transaction, key);
    std::size_t wanted = rowsOf(query.pageSize);
    Page<EvidenceAnswer> page;
    for (const auto& evidence : governance::listEvidence(transaction, key, number, wanted + 1, before)) {
      if (page.items.size() == wanted) {
        page.nextPageToken = makeToken(std::to_string(page.items.back().id));
        break;
      }
      page.items.push_back(answerOf(evidence, false));
    }
    return page;
  });
}

EvidenceAnswer addEvidence(Call& call, const NewEvidence& request) {
  registry::AssetKey key = changeable(call, request.asset.kind, request.asset.name);
  std::string selector = selectorOf(request.asset.version, "asset.version");
  json::value body = parseJson(request.body.text);
  bool isSignature = request.type == proof::signatureType;
  governance::NewEvidence made;
  if (!isSignature) made = governance::checkClaim(request.type, body, request.digest);
  governance::Evidence evidence = call.core.store.change(call.actor(), [&](registry::Change& change) {
    registry::Version version = registry::resolveVersion(change.transaction, key, selector);
    if (isSignature) made = verifiedSignature(change.transaction, version, body);
    return governance::addEvidence(change, version, made);
  });
  EvidenceAnswer answer = answerOf(evidence, false);
  answer.applied = call.core.gate.reconsider(key, evidence.number);
  call.status = 201;
  return answer;
}

EvidenceAnswer scanEvidence(Call& call, const ScanOrder& order) {
  registry::AssetKey key = changeable(call, order.asset.kind, order.asset.name);
  std::string selector = selectorOf(order.asset.version, "asset.version");
  registry::Version version = call.core.store.read(
      [&](db::Transaction& transaction) { return registry::resolveVersion(transaction, key, selector); });
  WorkScope scan({.lane = Lane::scan, .caller = call.actor().name});
  governance::Evidence evidence =
      evaluation::scanVersion(call.core.store, call.core.blobs, call.actor(), version, "regesta " + call.core.version);
  evaluation::withdraw(call.core.store, call.core.gate, version);
  EvidenceAnswer answer = answerOf(evidence, true);
  answer.applied = call.core.gate.reconsider(key, version.number);
  call.status = 201;
  return answer;
}

EvidenceAnswer releaseVersion(Call& call, const ReleaseOrder& order) {
  registry::AssetKey key = readable(call, order.kind, order.name);
  governance::Evidence evidence = call.core.store.change(call.actor(), [&](registry::Change& change) {
    registry::Version version = registry::resolveVersion(change.transaction, key, order.selector);
    return governance::releaseFromQuarantine(change, *call.identity, version, order.reason);
  });
  EvidenceAnswer answer = answerOf(evidence, true);
  answer.applied = call.core.gate.reconsider(key, evidence.number);
  call.status = 201;
  return answer;
}

EvidenceAnswer getEvidence(Call& call, const NumberOnly& path) {
  std::optional<registry::AssetKey> owner;
  auto evidence = call.core.store.read([&](db::Transaction& transaction) {
    auto found = governance::findEvidence(transaction, path.id);
    if (found) owner = governance::ownerOf(transaction, *found);
    return found;
  });
  // What is about something that was deleted is for administrators.
  if (evidence && !owner && call.identity->may(access::Verb::administer, evidence->key.workspace, "*"))
    owner = evidence->key;
  requireReadable(call, owner, fmt::format("evidence {}", path.id));
  // The rows of a golden test show expected outputs: who may not read the dataset sees the numbers alone.
  return answerOf(*evidence, !isOfHiddenDataset(call, *evidence) && !isHiddenReport(call, *evidence));
}

EvaluateAnswer evaluateEvidence(Call& call, const EvaluateOrder& order) {
  evaluation::EvaluationOrder request;
  request.model = changeable(call, "model", order.model.name);
  request.modelSelector = selectorOf(order.model.version, "model.version");
  call.require(access::Verb::read, order.dataset.name);
  request.dataset = order.dataset.name;
  request.datasetSelector =
      order.dataset.version.text.empty() ? "latest" : selectorOf(order.dataset.version, "dataset.version");
  request.datasetFile = order.dataset.file;
  request.runId = order.predictions.runId;
  request.modelId = order.predictions.modelId;
  request.digest = order.predictions.digest;
  request.path = order.predictions.path;
  request.columns = {order.label,
                     order.prediction.empty() ? "prediction" : order.prediction,
                     order.score,
                     order.groups,
                     scalarText(order.positive),
                     order.join};
  request.computedBy = "regesta " + call.core.version;
  // Results that are computed from predictions reveal the predictions.
  call.core.store.read([&](db::Transaction& transaction) {
    if (!request.runId.empty()) requireRun(call, access::Verb::read, transaction, request.runId);
    if (!request.modelId.empty()) requireModel(call, access::Verb::read, transaction, request.modelId);
    if (!request.digest.empty() && !scopeOf(call, transaction).blob(request.digest))
      throw error(Code::notFound, "the blob {} does not exist", shorten(request.digest, 80));
  });
  evaluation::EvaluationResult result =
      evaluation::runEvaluation(call.core.store, call.core.blobs, call.actor(), request);
  call.status = 201;
  EvaluateAnswer answer;
  answer.applied = call.core.gate.reconsider(request.model, result.evaluation.number);
  answer.id = result.evaluation.id;
  if (result.fairness.id != 0) answer.fairnessId = result.fairness.id;
  answer.digest = result.evaluation.digest;
  answer.metrics.text = writeJson(result.numbers.metrics);
  answer.fairness.text = writeJson(result.numbers.fairness);
  return answer;
}

}  // namespace regesta::api::native
