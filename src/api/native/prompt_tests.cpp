#include "api/native/prompt_tests.h"

#include "delivery/check/patterns.h"
#include "delivery/evaluation.h"
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

TestsAnswer setPromptTests(Call& call, const NewTests& asked) {
  registry::AssetKey key = changeable(call, "prompt", asked.name);
  json::object file{{"tests", parseJson(asked.tests.text)}};
  if (!asked.defaultTest.text.empty()) file["defaultTest"] = parseJson(asked.defaultTest.text);
  delivery::check::Suite suite = delivery::check::parseSuite(file, delivery::check::patternsBy(call.core.policy));
  return call.core.store.change(call.actor(), [&](registry::Change& change) {
    auto asset = registry::findAsset(change.session, key);
    if (!asset) asset = registry::createAsset(change, key, "", {});
    return answerOf(asked.name, delivery::setTests(change, *asset, suite));
  });
}

TestsAnswer getPromptTests(Call& call, const TestsQuery& query) {
  registry::AssetKey key = readable(call, "prompt", query.name);
  return call.core.store.read([&](db::Session& session) {
    registry::Asset asset = registry::getAsset(session, key);
    auto suite = query.digest.empty() ? registry::currentTestSuite(session, asset.id)
                                      : registry::findTestSuite(session, asset.id, query.digest);
    if (!suite)
      throw error(Code::notFound, "prompt '{}' has no {}tests", query.name, query.digest.empty() ? "" : "such ");
    return answerOf(query.name, *suite);
  });
}

JobAnswer runPromptTests(Call& call, const TestRunOrder& order) {
  registry::AssetKey key = changeable(call, "prompt", order.name);
  return call.core.store.change(call.actor(), [&](registry::Change& change) {
    registry::Version version = registry::resolveVersion(change.session, key, order.selector);
    auto job = delivery::enqueueTests(change, version);
    if (!job) throw error(Code::invalidState, "prompt '{}' has no tests; set them with PUT …/tests", order.name);
    call.status = 202;
    return jobAnswer(*job);
  });
}

}  // namespace regesta::api::native
