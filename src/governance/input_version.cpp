#include <cmath>

#include "base/error.h"
#include "base/text.h"
#include "base/time.h"
#include "governance/card_rule.h"
#include "governance/input.h"
#include "registry/author.h"
#include "registry/expiry.h"
#include "registry/golden_rule.h"
#include "registry/lineage.h"
#include "registry/pointer.h"
#include "registry/test_suite.h"
#include "registry/version_files.h"
#include "tracking/logged_model.h"
#include "tracking/run.h"
#include "tracking/seal.h"

namespace regesta::governance {

namespace {

json::value numberOrNull(double value) { return std::isfinite(value) ? json::value(value) : json::value(nullptr); }

template <class Map>
json::object texts(const Map& map) {
  json::object object;
  for (const auto& [key, value] : map) object[key] = value;
  return object;
}

json::object numbers(const std::vector<tracking::Metric>& metrics) {
  json::object object;
  for (const tracking::Metric& metric : metrics) object[metric.key] = numberOrNull(metric.value);
  return object;
}

json::object summaryOf(const Evidence& evidence) {
  json::value summary = parseJson(evidence.summary);
  if (!summary.is_object()) throw error(Code::corrupt, "the summary of evidence {} is not an object", evidence.id);
  return summary.as_object();
}

void put(json::object& into, const json::object& from) {
  for (const auto& member : from) into[member.key()] = member.value();
}

std::optional<tracking::Run> runOf(db::Transaction& transaction, const registry::Version& version,
                                   const std::string& modelRun) {
  const std::string& id = version.runId.empty() ? modelRun : version.runId;
  if (id.empty()) return std::nullopt;
  return tracking::findRun(transaction, version.asset.key.workspace, id);
}

json::object describeRun(const tracking::Run& run) {
  return {{"id", run.runId},
          {"name", run.name},
          {"experiment_id", std::to_string(run.experiment)},
          {"status", tracking::statusName(run.status)},
          {"user", run.userId},
          {"params", texts(run.params)},
          {"metrics", numbers(run.metrics)},
          {"tags", texts(run.tags)}};
}

json::object describeLineage(db::Transaction& transaction, const registry::Version& version, const Scope* seenBy) {
  constexpr std::size_t mostNodes = 200;
  json::array datasets, upstream;
  for (const registry::Edge& edge : registry::lineage(transaction, version.asset.key.workspace, version.subject(),
                                                      registry::Direction::upstream, 16, mostNodes)) {
    if (seenBy && (!seenBy->node(edge.from) || !seenBy->node(edge.to))) continue;
    upstream.emplace_back(edge.from);
    if (!edge.from.starts_with("dataset/")) continue;
    std::string_view rest = std::string_view(edge.from).substr(8);
    std::size_t mark = rest.find_last_of("#@");
    bool hasDigest = mark != std::string_view::npos && rest[mark] == '#';
    datasets.push_back(json::object{{"node", edge.from},
                                    {"name", rest.substr(0, mark)},
                                    {"digest", hasDigest ? json::value(rest.substr(mark + 1)) : json::value(nullptr)}});
  }
  return {{"datasets", std::move(datasets)}, {"upstream", std::move(upstream)}};
}

/// All of them: a policy must not miss one. registry::mostReferences bounds them.
json::array describeReferences(db::Transaction& transaction, const registry::Version& version) {
  json::array list;
  for (const registry::VersionReference& one : registry::versionReferences(transaction, version))
    list.push_back(json::object{{"path", one.path}, {"uri", one.uri}, {"digest", one.digest}, {"size", one.size}});
  return list;
}

/// What evidence says: the list itself, the newest card, and the numbers of the newest verified evaluation.
void describeEvidence(json::object& object, json::object claimed, const std::vector<Evidence>& evidence,
                      const std::set<std::string>& authors) {
  json::array list;
  // In Rego null counts as true: what policies ask for with `not` is false when there is none.
  json::value card = false, evaluation = false, fairness = json::object(), verified = json::object();
  json::object claimedHere;
  json::array signedBy;
  for (const Evidence& item : evidence) {  // newest first
    json::object summary = summaryOf(item);
    json::object shown{{"id", item.id},
                       {"type", item.type},
                       {"verified", item.verified},
                       {"origin", item.origin},
                       {"job", item.job == 0 ? json::value(nullptr) : json::value(item.job)},
                       {"digest", item.digest},
                       {"by", item.createdBy},
                       {"by_author", authors.contains(item.createdBy)},
                       {"at", formatTime(item.createdAt)}};
    if (item.type == "card" && card.is_bool()) {
      json::object first = shown;
      put(first, summary);
      first.erase("type");
      card = std::move(first);
    }
    if (item.type == "evaluation") {
      json::value* metrics = summary.if_contains("metrics");
      bool numeric = metrics && metrics->is_object();
      if (!item.verified && numeric)
        for (const auto& member : metrics->as_object()) claimedHere.emplace(member.key(), member.value());
      if (item.verified && numeric && evaluation.is_bool()) {
        verified = metrics->as_object();
        if (const json::value* groups = summary.if_contains("fairness"); groups && groups->is_object())
          fairness = *groups;
        json::object about = summary;
        about.erase("metrics");
        about.erase("fairness");
        put(about, {{"id", item.id},
                    {"by", item.createdBy},
                    {"by_author", authors.contains(item.createdBy)},
                    {"at", formatTime(item.createdAt)}});
        evaluation = std::move(about);
      }
    }
    if (item.type == "signature" && item.verified)
      if (std::string key = memberText(summary, "signed_by");
          std::ranges::find(signedBy, json::value(key)) == signedBy.end())
        signedBy.emplace_back(key);
    shown["summary"] = std::move(summary);
    list.push_back(std::move(shown));
  }
  put(claimed, claimedHere);
  object["metrics"] = json::object{{"claimed", std::move(claimed)}, {"verified", std::move(verified)}};
  object["fairness"] = std::move(fairness);
  object["evaluation"] = std::move(evaluation);
  object["evidence"] = std::move(list);
  object["card"] = std::move(card);
  object["signed_by"] = std::move(signedBy);
}

/// Whether the newest card fills the sections that the card rules of the workspace require.
void describeCard(json::object& object, const std::vector<std::string>& required) {
  json::value& card = object["card"];
  if (!card.is_object()) return;
  std::vector<std::string> missing = missingSections(required, card.get_object());
  card.get_object()["complete"] = missing.empty();
  card.get_object()["missing"] = json::array(missing.begin(), missing.end());
}

/// Authors must not replace the tests that their version must pass. The first tests of an asset replace nothing if they
/// existed before the version; on a server without users there is no other user.
bool countsFor(const registry::TestSuite& suite, const registry::Version& version,
               const std::set<std::string>& authors) {
  if (!authors.contains(suite.createdBy) || registry::ActorId::read(suite.createdBy).kind == registry::ActorKind::local)
    return true;
  return suite.number == 1 && suite.createdAt <= version.createdAt;
}

/// The tests that the version must pass: those that the asset has now. Nor may an author take them away: while an
/// author has emptied them, those from before stay.
struct Tests {
  std::optional<registry::TestSuite> suite;
  bool removedByAuthor = false;
};

Tests testsFor(db::Transaction& transaction, const registry::Version& version, const std::set<std::string>& authors) {
  Tests tests{registry::currentTestSuite(transaction, version.asset.id)};
  while (tests.suite && tests.suite->cases == 0 && tests.suite->number > 1 &&
         !countsFor(*tests.suite, version, authors)) {
    tests.removedByAuthor = true;
    tests.suite = registry::testSuiteBefore(transaction, version.asset.id, tests.suite->number);
  }
  return tests;
}

/// The tests that the version must pass, and the newest result of this version: a failure is not outlived by an older
/// pass.
void describeTests(json::object& object, db::Transaction& transaction, const registry::Version& version,
                   const std::vector<Evidence>& evidence, const std::set<std::string>& authors) {
  json::value tests = false, result = false;
  auto [suite, removedByAuthor] = testsFor(transaction, version, authors);
  if (suite && suite->cases > 0)
    tests = json::object{{"digest", suite->digest},
                         {"number", suite->number},
                         {"cases", suite->cases},
                         {"by", suite->createdBy},
                         {"by_author", authors.contains(suite->createdBy)},
                         {"counts", countsFor(*suite, version, authors)},
                         {"removed_by_author", removedByAuthor}};
  auto newest = std::ranges::find(evidence, "prompt-test", &Evidence::type);
  if (newest != evidence.end()) {
    json::object shown = summaryOf(*newest);
    const json::value* about = shown.if_contains("suite");
    bool current = suite && about && about->is_string() && about->as_string() == suite->digest;
    put(shown,
        {{"id", newest->id}, {"by", newest->createdBy}, {"at", formatTime(newest->createdAt)}, {"current", current}});
    result = std::move(shown);
  }
  object["tests"] = std::move(tests);
  object["prompt_test"] = std::move(result);
}

/// What runners reported about the version under a golden rule, newest first.
std::vector<std::pair<std::int64_t, json::object>> goldenResults(const std::vector<Evidence>& evidence,
                                                                 const registry::GoldenRule& rule) {
  std::vector<std::pair<std::int64_t, json::object>> results;
  for (const Evidence& item : evidence) {
    if (item.type != "golden-test" || !item.verified || item.origin != "runner") continue;
    json::object summary = summaryOf(item);
    if (memberInteger(summary, "rule_id") == rule.id) results.emplace_back(item.id, std::move(summary));
  }
  return results;
}

/// The newest result, and how many on the same golden data had a wrong answer: running a version again until it passes
/// by chance must not make it pass. A row that gave an error was not answered. Nor do authors pass on golden data that
/// they made or pointed the rule to.
json::object describeRule(const std::vector<Evidence>& evidence, const registry::GoldenRule& rule) {
  json::object shown{
      {"rule", rule.name}, {"passed", false}, {"evidence", nullptr}, {"attempts", 0}, {"failed_attempts", 0}};
  std::int64_t attempts = 0, failed = 0;
  auto results = goldenResults(evidence, rule);
  for (const auto& [id, summary] : results) {
    if (memberText(summary, "dataset_digest") != memberText(results.front().second, "dataset_digest")) continue;
    ++attempts;
    failed += memberInteger(summary, "different") > memberInteger(summary, "errors");
  }
  if (results.empty()) return shown;
  const json::object& newest = results.front().second;
  for (const char* name : {"rows", "different", "errors", "deterministic", "golden_changed", "golden_by_author"})
    if (newest.contains(name)) shown[name] = newest.at(name);
  bool byAuthor = newest.contains("golden_by_author") && newest.at("golden_by_author") == json::value(true);
  shown["passed"] = newest.contains("passed") && newest.at("passed") == json::value(true) && failed == 0 && !byAuthor;
  shown["evidence"] = results.front().first;
  shown["attempts"] = attempts;
  shown["failed_attempts"] = failed;
  return shown;
}

/// Each golden rule that covers the version. Passed: every rule has a result, and all passed.
void describeGolden(json::object& object, db::Transaction& transaction, const registry::Version& version,
                    const std::vector<Evidence>& evidence) {
  json::array rules;
  bool passed = true;
  for (const registry::GoldenRule& rule : registry::goldenRulesFor(transaction, version.asset.key)) {
    rules.push_back(describeRule(evidence, rule));
    passed = passed && rules.back().as_object().at("passed") == json::value(true);
  }
  object["golden"] = json::object{{"passed", passed && !rules.empty()}, {"rules", std::move(rules)}};
}

}  // namespace

json::object describeVersion(db::Transaction& transaction, const registry::Version& version,
                             const std::vector<Evidence>& evidence, const Scope* seenBy) {
  json::array aliases;
  for (const std::string& alias : registry::aliasesOf(transaction, version)) aliases.emplace_back(alias);
  json::object object{{"version", version.number},
                      {"semver", textOrNull(version.semver)},
                      {"digest", version.digest},
                      {"author", version.createdBy},
                      {"created_at", formatTime(version.createdAt)},
                      {"description", version.description},
                      {"source", version.source},
                      {"tags", texts(version.tags)},
                      {"stage", version.stage},
                      {"aliases", std::move(aliases)}};

  if (std::int64_t at = registry::expiryOf(transaction, version); at != 0) object["expires_at"] = formatTime(at);

  json::object claimed;
  std::string modelRun;
  object["model"] = nullptr;
  if (!version.modelId.empty())
    if (auto model = tracking::findLoggedModel(transaction, version.modelId);
        model && model->workspace == version.asset.key.workspace &&
        (!seenBy || seenBy->model(access::Verb::read, model->modelId))) {
      modelRun = model->sourceRun;
      object["model"] = json::object{
          {"id", model->modelId},
          {"name", model->name},
          {"changed_after_registration", tracking::citedModelChanged(transaction, version).value_or(false)}};
      for (const tracking::ModelMetric& metric : tracking::modelMetrics(transaction, model->row))
        claimed[metric.metric.key] = numberOrNull(metric.metric.value);
    }
  auto run = runOf(transaction, version, modelRun);
  if (run && seenBy && !seenBy->run(access::Verb::read, run->runId)) run.reset();
  if (run) put(claimed, numbers(run->metrics));
  object["run"] = run ? json::value(describeRun(*run)) : json::value(nullptr);
  if (auto cited = tracking::citedRun(transaction, version); run && cited)
    object["run"].as_object()["changed_after_registration"] = cited->changed;
  registry::Content content = registry::contentOf(transaction, version);
  object["content"] = json::object{{"state", registry::contentName(content)},
                                   {"stored", content == registry::Content::stored},
                                   {"references", describeReferences(transaction, version)}};
  std::set<std::string> authors = registry::authorsOf(transaction, version);
  describeEvidence(object, std::move(claimed), evidence, authors);
  describeCard(object, requiredSections(transaction, version.asset.key));
  describeTests(object, transaction, version, evidence, authors);
  describeGolden(object, transaction, version, evidence);
  object["lineage"] = describeLineage(transaction, version, seenBy);
  return object;
}

}  // namespace regesta::governance
