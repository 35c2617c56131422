#include "evaluation/evaluation.h"

#include "base/error.h"
#include "base/limits.h"
#include "prompt/prompt.h"

namespace regesta::evaluation {
namespace {

constexpr std::size_t outputLimits[] = {2000, 200, 0};  // bytes of each output in evidence: the first that fits

/// The version and the suite that a job is about, wherever a renamed prompt is now.
struct Work {
  registry::Version version;
  registry::TestSuite suite;
};

std::int64_t numberOf(const json::object& payload, std::string_view member) { return payload.at(member).as_int64(); }

Work workOf(db::Transaction& transaction, const jobs::Job& job) {
  json::value parsed = parseJson(job.payload);
  const json::object& payload = parsed.as_object();
  auto asset = registry::findAssetById(transaction, numberOf(payload, "asset"));
  auto version = asset ? registry::findVersion(transaction, asset->key, numberOf(payload, "number")) : std::nullopt;
  if (!version) throw error(Code::notFound, "{} was deleted: there is nothing to test", job.subject);
  // Row ids and numbers may come again; a job is for the content that it was made for, and for nothing younger than it.
  const json::value* digest = payload.if_contains("version_digest");
  if (asset->createdAt > job.createdAt || version->createdAt > job.createdAt ||
      (digest && digest->as_string() != version->digest))
    throw error(Code::notFound, "{} has changed since job {} was created: there is nothing to test", job.subject,
                job.id);
  auto suite = registry::findTestSuite(transaction, asset->id, payload.at("suite").as_string());
  if (!suite) throw error(Code::corrupt, "the suite of job {} does not exist any more", job.id);
  return {*std::move(version), *std::move(suite)};
}

json::object evidenceBody(const Work& work, const check::SuiteResult& result, const check::Tally& sums,
                          std::string_view computedBy, std::size_t outputLimit) {
  json::object body = check::toJson(result, outputLimit);
  for (const auto& member : check::tallyJson(sums)) body[member.key()] = member.value();
  body["suite"] = json::object{{"digest", work.suite.digest}, {"number", work.suite.number}};
  body["recorded_by"] = computedBy;
  return body;
}

}  // namespace

registry::TestSuite setTests(registry::Change& change, const registry::Asset& asset, const check::Suite& suite) {
  std::string content = check::canonicalSuite(suite);
  if (content.size() > limits::testSuite)
    throw error(Code::tooLarge, "the tests have {} bytes; {} is the limit", content.size(), limits::testSuite);
  auto before = registry::currentTestSuite(change.transaction, asset.id);
  registry::TestSuite set =
      registry::setTestSuite(change, asset, content, static_cast<std::int64_t>(suite.tests.size()));
  bool changed = !before || before->digest != set.digest;
  if (auto newest = registry::newestVersion(change.transaction, asset); newest && changed)
    enqueueTests(change, *newest);
  return set;
}

std::optional<jobs::Job> enqueueTests(registry::Change& change, const registry::Version& version) {
  auto suite = registry::currentTestSuite(change.transaction, version.asset.id);
  if (!suite || suite->cases == 0) return std::nullopt;
  json::object payload{{"asset", version.asset.id},
                       {"number", version.number},
                       {"suite", suite->digest},
                       {"version_digest", version.digest}};
  jobs::NewJob job{version.asset.key.workspace, std::string(promptTest), version.asset.key.name, version.subject(), "",
                   canonicalJson(payload)};
  if (check::readSuite(suite->content).needsCommands()) job.needs = "commands";
  jobs::Job queued = jobs::enqueue(change.transaction, job, change.actor.name, change.now);
  if (queued.createdAt == change.now)
    change.record(registry::Action::jobCreated, queued.workspace, fmt::format("job/{}", queued.id),
                  {{"about", queued.subject}});
  return queued;
}

json::object describeWork(db::Transaction& transaction, const jobs::Job& job) {
  Work work = workOf(transaction, job);
  json::value suite = parseJson(work.suite.content);
  json::object told{{"prompt", work.version.asset.key.name},
                    {"version", work.version.number},
                    {"semver", work.version.semver},
                    {"version_digest", work.version.digest},
                    {"suite", json::object{{"digest", work.suite.digest},
                                           {"number", work.suite.number},
                                           {"tests", suite.as_object().at("tests")}}}};
  prompt::Prompt prompt = prompt::parsePrompt(work.version.content);
  if (!prompt.modelConfig.is_null()) told["model_config"] = prompt.modelConfig;
  if (!prompt.responseFormat.is_null()) told["response_format"] = prompt.responseFormat;
  if (!prompt.tools.empty()) told["tools"] = prompt.tools;
  return told;
}

governance::Evidence acceptTests(registry::Change& change, const jobs::Job& job, const json::value& reported,
                                 std::string_view computedBy) {
  Work work = workOf(change.transaction, job);
  check::SuiteResult result = check::readResult(reported, check::readSuite(work.suite.content));
  check::Tally sums = check::tally(result.cases);
  governance::NewEvidence made{std::string(promptTest), false, {}, check::tallyJson(sums)};
  made.job = job.id;
  made.summary["suite"] = work.suite.digest;
  made.summary["suite_number"] = work.suite.number;
  made.summary["model"] = result.model;
  for (std::size_t limit : outputLimits) {
    made.body = evidenceBody(work, result, sums, computedBy, limit);
    if (canonicalJson(made.body).size() <= governance::evidenceLength) break;
  }
  governance::Evidence evidence = governance::addEvidence(change, work.version, made);
  jobs::complete(change.transaction, job, canonicalJson(json::object{{"evidence", evidence.id}}), change.now);
  return evidence;
}

}  // namespace regesta::evaluation
