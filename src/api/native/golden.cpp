#include "api/native/golden.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "evaluation/golden/golden.h"
#include "governance/governor.h"

namespace regesta::api::native {
namespace {

namespace golden = regesta::evaluation::golden;

governance::Binding coverage(const registry::GoldenRule& rule) {
  return {.workspace = rule.workspace, .kind = rule.kind, .namePattern = rule.namePattern};
}

/// The rule, if it can cover a name that the caller may read.
registry::GoldenRule visibleRule(const Call& call, db::Transaction& transaction, const std::string& name) {
  auto rule = registry::findGoldenRule(transaction, call.workspace, name);
  if (!rule || !governance::concerns(*call.identity, coverage(*rule), call.workspace))
    throw error(Code::notFound, "workspace '{}' has no golden rule '{}'", call.workspace, shorten(name, 100));
  return *std::move(rule);
}

GoldenRuleAnswer answerOf(const Call& call, db::Transaction& transaction, const registry::GoldenRule& rule) {
  GoldenRuleAnswer answer;
  answer.name = rule.name;
  answer.kind = rule.kind;
  answer.namePattern = rule.namePattern;
  answer.selector = rule.selector;
  answer.file = rule.file;
  answer.method = rule.method;
  answer.tolerance = parseDouble(rule.tolerance).value_or(0);
  answer.repeats = rule.repeats;
  answer.datasetDigest = rule.datasetDigest;
  answer.createdAt = timeText(rule.createdAt);
  answer.createdBy = rule.createdBy;
  auto dataset = registry::findAssetById(transaction, rule.dataset);
  answer.changed = true;
  if (!dataset) return answer;
  if (call.identity->may(access::Verb::read, call.workspace, dataset->key.name)) answer.dataset = dataset->key.name;
  try {
    answer.changed = registry::resolveVersion(transaction, dataset->key, rule.selector).digest != rule.datasetDigest;
  } catch (const Error& fault) {
    if (fault.code != Code::notFound) throw;
  }
  return answer;
}

GoldenRunAnswer runAnswer(db::Transaction& transaction, const golden::GoldenRun& run,
                          const registry::Version& version) {
  GoldenRunAnswer answer;
  answer.subject = version.subject();
  answer.status = "failed";
  answer.problem = optionalText(run.problem);
  answer.at = timeText(run.createdAt);
  auto job = run.job == 0 ? std::nullopt : jobs::findJob(transaction, run.job);
  if (!job) return answer;
  answer.job = job->id;
  answer.status = jobs::statusName(job->status);
  if (!job->reason.empty()) answer.problem = job->reason;
  if (job->result.empty()) return answer;
  json::value result = parseJson(job->result);
  auto evidence = governance::findEvidence(transaction, memberInteger(result.as_object(), "evidence"));
  if (!evidence) return answer;
  answer.evidence = evidence->id;
  answer.summary.text = evidence->summary;
  return answer;
}

std::optional<registry::Version> versionOfRow(db::Transaction& transaction, std::int64_t row) {
  auto found = transaction.query("SELECT asset, number FROM version WHERE id = $1", {row});
  if (!found.next()) return std::nullopt;
  auto asset = registry::findAssetById(transaction, found.integer(0));
  return asset ? registry::findVersion(transaction, asset->key, found.integer(1)) : std::nullopt;
}

registry::GoldenRule ruleOf(Call& call, const NewGoldenRule& request) {
  registry::GoldenRule rule;
  rule.workspace = call.workspace;
  rule.name = request.name;
  rule.kind = request.kind;
  if (std::ranges::find(goldenKinds, rule.kind) == std::end(goldenKinds))
    throw Invalid("kind", "must be model or prompt");
  rule.namePattern = request.namePattern;
  rule.method = request.method.empty() ? "exact" : request.method;
  if (!golden::parseMethod(rule.method)) throw Invalid("method", "must be exact, numeric, text or json");
  if (!std::isfinite(request.tolerance) || request.tolerance < 0) throw Invalid("tolerance", "must be 0 or more");
  if (request.tolerance > 0 && rule.method != "numeric") throw Invalid("tolerance", "needs the method numeric");
  rule.tolerance = fmt::format("{}", request.tolerance);
  rule.repeats = request.repeats == 0 ? 2 : request.repeats;
  rule.file = request.file;
  rule.selector = request.version.text.empty() ? "" : selectorOf(request.version, "version");
  governance::requireGovernor(*call.identity, coverage(rule));
  registry::AssetKey key = readable(call, "dataset", request.dataset);
  call.core.store.read([&](db::Transaction& transaction) {
    registry::Version version =
        registry::resolveVersion(transaction, key, rule.selector.empty() ? "latest" : rule.selector);
    rule.dataset = version.asset.id;
    rule.datasetDigest = version.digest;
    // Without a selector the rule stays with the version of today.
    if (rule.selector.empty()) rule.selector = std::to_string(version.number);
  });
  return rule;
}

}  // namespace

Page<GoldenRuleAnswer> listGoldenRules(Call& call, const PageQuery& query) {
  return call.core.store.read([&](db::Transaction& transaction) {
    auto rules = registry::listGoldenRules(transaction, call.workspace);
    std::erase_if(rules, [&](const registry::GoldenRule& rule) {
      return !governance::concerns(*call.identity, coverage(rule), call.workspace);
    });
    return pageOf(
        rules, query.pageToken, query.pageSize, [](const registry::GoldenRule& rule) { return rule.name; },
        [&](const registry::GoldenRule& rule) { return answerOf(call, transaction, rule); });
  });
}

GoldenRuleAnswer createGoldenRule(Call& call, const NewGoldenRule& request) {
  registry::GoldenRule rule = ruleOf(call, request);
  golden::readGolden(call.core.store, call.core.blobs, rule);
  call.status = 201;
  return call.core.store.change(call.actor(), [&](registry::Change& change) {
    if (registry::listGoldenRules(change.transaction, call.workspace).size() >= limits::goldenRules)
      throw limitReached(fmt::format("workspace '{}'", call.workspace), limits::goldenRules, "golden rules");
    return answerOf(call, change.transaction, registry::addGoldenRule(change, rule));
  });
}

GoldenReport getGoldenRule(Call& call, const NameOnly& path) {
  constexpr std::size_t runsShown = 200;
  return call.core.store.read([&](db::Transaction& transaction) {
    registry::GoldenRule rule = visibleRule(call, transaction, path.name);
    GoldenReport report{answerOf(call, transaction, rule), {}};
    for (const golden::GoldenRun& run : golden::goldenRuns(transaction, rule, runsShown)) {
      auto version = versionOfRow(transaction, run.version);
      if (version && call.identity->may(access::Verb::read, call.workspace, version->asset.key.name))
        report.runs.push_back(runAnswer(transaction, run, *version));
    }
    return report;
  });
}

Empty deleteGoldenRule(Call& call, const NameOnly& path) {
  call.core.store.change(call.actor(), [&](registry::Change& change) {
    registry::GoldenRule rule = visibleRule(call, change.transaction, path.name);
    governance::requireGovernor(*call.identity, coverage(rule));
    registry::deleteGoldenRule(change, rule);
  });
  call.status = 204;
  return {};
}

GoldenJobAnswer runGoldenRule(Call& call, const GoldenOrder& order) {
  std::size_t at = order.version.rfind('@');
  if (at == std::string::npos) throw Invalid("version", "must be NAME@VERSION");
  registry::GoldenRule rule =
      call.core.store.read([&](db::Transaction& transaction) { return visibleRule(call, transaction, order.name); });
  registry::AssetKey key = changeable(call, rule.kind, order.version.substr(0, at));
  if (!rule.covers(key)) throw Invalid("version", fmt::format("must match {}/{}", rule.kind, rule.namePattern));
  golden::GoldenData data = golden::readGolden(call.core.store, call.core.blobs, rule);
  call.status = 201;
  return call.core.store.change(call.actor(), [&](registry::Change& change) {
    registry::Version version = registry::resolveVersion(change.transaction, key, order.version.substr(at + 1));
    jobs::Job job = golden::enqueueGolden(change, rule, version, data);
    return GoldenJobAnswer{job.id, job.subject};
  });
}

}  // namespace regesta::api::native
