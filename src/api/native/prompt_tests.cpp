#include "api/native/prompt_tests.h"

#include "evaluation/evaluation.h"
#include "prompt/patterns.h"
#include "registry/test_suite.h"

namespace regesta::api::native {

namespace {

TestsAnswer answerOf(const std::string& name, const registry::TestSuite& suite) {
  TestsAnswer answer;
  answer.name = name;
  answer.number = suite.number;
  answer.cases = suite.cases;
  answer.digest = suite.digest;
  answer.tests.text = writeJson(parseJson(suite.content).as_object().at("tests"));
  answer.createdAt = timeText(suite.createdAt);
  answer.createdBy = suite.createdBy;
  return answer;
}

}  // namespace

TestsAnswer setPromptTests(Call& call, const NewTests& request) {
  registry::AssetKey key = changeable(call, "prompt", request.name);
  json::object file{{"tests", parseJson(request.tests.text)}};
  if (!request.defaultTest.text.empty()) file["defaultTest"] = parseJson(request.defaultTest.text);
  evaluation::check::Suite suite = evaluation::check::parseSuite(file, prompt::patternSearch());
  return call.core.store.change(call.actor(), [&](registry::Change& change) {
    auto asset = registry::findAsset(change.transaction, key);
    if (!asset) asset = registry::createAsset(change, key, "", {});
    return answerOf(request.name, evaluation::setTests(change, *asset, suite));
  });
}

TestsAnswer getPromptTests(Call& call, const TestsQuery& query) {
  registry::AssetKey key = readable(call, "prompt", query.name);
  return call.core.store.read([&](db::Transaction& transaction) {
    registry::Asset asset = registry::getAsset(transaction, key);
    auto suite = query.digest.empty() ? registry::currentTestSuite(transaction, asset.id)
                                      : registry::findTestSuite(transaction, asset.id, query.digest);
    if (!suite)
      throw error(Code::notFound, "prompt '{}' has no {}tests", query.name, query.digest.empty() ? "" : "such ");
    return answerOf(query.name, *suite);
  });
}

JobAnswer runPromptTests(Call& call, const TestRunOrder& order) {
  registry::AssetKey key = changeable(call, "prompt", order.name);
  return call.core.store.change(call.actor(), [&](registry::Change& change) {
    registry::Version version = registry::resolveVersion(change.transaction, key, order.selector);
    auto job = evaluation::enqueueTests(change, version);
    if (!job) throw error(Code::invalidState, "prompt '{}' has no tests; set them with PUT …/tests", order.name);
    call.status = 202;
    return jobAnswer(*job);
  });
}

}  // namespace regesta::api::native
