#include "api/native/evidence.h"

#include "governance/evaluate.h"
#include "governance/gate.h"

namespace regesta::api::native {

namespace {

EvidenceAnswer answerOf(const governance::Evidence& evidence, bool withBody) {
  EvidenceAnswer answer;
  answer.id = evidence.id;
  answer.kind = registry::kindName(evidence.key.kind);
  answer.name = evidence.key.name;
  answer.version = evidence.number;
  answer.versionDigest = evidence.versionDigest;
  answer.type = evidence.type;
  answer.verified = evidence.verified;
  answer.digest = evidence.digest;
  answer.by = evidence.createdBy;
  answer.at = timeText(evidence.createdAt);
  answer.summary.text = evidence.summary;
  if (withBody) answer.body.text = evidence.body;
  return answer;
}

std::string scalarText(const RawJson& raw) {
  if (raw.text.empty()) return {};
  json::value value = parseJson(raw.text);
  if (value.is_string()) return std::string(value.as_string());
  if (value.is_null() || value.is_object() || value.is_array())
    throw Invalid("positive", "must be text, a number or a boolean");
  return writeJson(value);
}

}  // namespace

Page<EvidenceAnswer> listEvidence(Call& call, const EvidenceQuery& query) {
  registry::AssetKey key = readable(call, query.kind, query.name);
  std::int64_t before = readNumberToken(query.pageToken);
  return call.core.store.read([&](db::Session& session) {
    std::int64_t number = query.version.empty() ? 0 : registry::resolveVersion(session, key, query.version).number;
    registry::getAsset(session, key);
    std::size_t wanted = rowsOf(query.pageSize);
    Page<EvidenceAnswer> page;
    for (const auto& evidence : governance::listEvidence(session, key, number, wanted + 1, before)) {
      if (page.items.size() == wanted) {
        page.nextPageToken = makeToken(std::to_string(page.items.back().id));
        break;
      }
      page.items.push_back(answerOf(evidence, false));
    }
    return page;
  });
}

EvidenceAnswer addEvidence(Call& call, const NewEvidence& asked) {
  registry::AssetKey key = changeable(call, asked.asset.kind, asked.asset.name);
  std::string selector = selectorOf(asked.asset.version, "asset.version");
  governance::NewEvidence made = governance::checkClaim(asked.type, parseJson(asked.body.text), asked.digest);
  governance::Evidence evidence = call.core.store.change(call.actor(), [&](registry::Change& change) {
    return governance::addEvidence(change, registry::resolveVersion(change.session, key, selector), made);
  });
  EvidenceAnswer answer = answerOf(evidence, false);
  answer.applied = call.core.gate.reconsider(key, evidence.number);
  call.status = 201;
  return answer;
}

EvidenceAnswer getEvidence(Call& call, const NumberOnly& path) {
  auto evidence =
      call.core.store.read([&](db::Session& session) { return governance::findEvidence(session, path.id); });
  if (!evidence || evidence->key.workspace != call.workspace)
    throw error(Code::notFound, "there is no evidence {} in workspace '{}'", path.id, call.workspace);
  call.require(governance::Verb::read, evidence->key.name);
  return answerOf(*evidence, true);
}

EvaluateAnswer evaluateEvidence(Call& call, const EvaluateOrder& order) {
  governance::EvaluationOrder asked;
  asked.model = changeable(call, "model", order.model.name);
  asked.modelSelector = selectorOf(order.model.version, "model.version");
  call.require(governance::Verb::read, order.dataset.name);
  asked.dataset = order.dataset.name;
  asked.datasetSelector =
      order.dataset.version.text.empty() ? "latest" : selectorOf(order.dataset.version, "dataset.version");
  asked.datasetFile = order.dataset.file;
  asked.runId = order.predictions.runId;
  asked.modelId = order.predictions.modelId;
  asked.digest = order.predictions.digest;
  asked.path = order.predictions.path;
  asked.columns = {order.label,
                   order.prediction.empty() ? "prediction" : order.prediction,
                   order.score,
                   order.groups,
                   scalarText(order.positive),
                   order.join};
  asked.computedBy = "regesta " + call.core.version;
  governance::EvaluationResult result =
      governance::runEvaluation(call.core.store, call.core.blobs, call.actor(), asked);
  call.status = 201;
  EvaluateAnswer answer;
  answer.applied = call.core.gate.reconsider(asked.model, result.evaluation.number);
  answer.id = result.evaluation.id;
  if (result.fairness.id != 0) answer.fairnessId = result.fairness.id;
  answer.digest = result.evaluation.digest;
  answer.metrics.text = writeJson(result.numbers.metrics);
  answer.fairness.text = writeJson(result.numbers.fairness);
  return answer;
}

}  // namespace regesta::api::native
