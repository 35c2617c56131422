#include "evaluation/golden/golden.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/limits_golden.h"
#include "base/text.h"
#include "base/time.h"
#include "evaluation/golden/compare.h"
#include "registry/author.h"

namespace regesta::evaluation::golden {
namespace {

constexpr std::size_t errorBytes = 300;

/// What a job was made for.
struct Work {
  registry::Version version;
  json::object payload;
};

Work workOf(db::Transaction& transaction, const jobs::Job& job) {
  Work work;
  work.payload = parseJson(job.payload).as_object();
  auto asset = registry::findAssetById(transaction, memberInteger(work.payload, "asset"));
  auto version =
      asset ? registry::findVersion(transaction, asset->key, memberInteger(work.payload, "number")) : std::nullopt;
  if (!version || version->digest != memberText(work.payload, "version_digest"))
    throw error(Code::notFound, "{} was deleted or replaced: there is nothing to run", job.subject);
  work.version = *std::move(version);
  return work;
}

struct Output {
  json::value value;
  std::string error;
};

std::vector<std::vector<Output>> readRuns(const json::value& reported, std::size_t repeats, std::size_t rows) {
  const json::object* report = reported.if_object();
  const json::value* runs = report ? report->if_contains("runs") : nullptr;
  if (!runs || !runs->is_array() || runs->get_array().size() != repeats)
    throw Invalid("result.runs", fmt::format("must have {} runs", repeats));
  std::vector<std::vector<Output>> all;
  for (const json::value& run : runs->get_array()) {
    std::string place = fmt::format("result.runs[{}]", all.size());
    if (!run.is_array() || run.get_array().size() != rows)
      throw Invalid(place, fmt::format("must have {} rows, as the job has", rows));
    std::vector<Output>& outputs = all.emplace_back();
    for (const json::value& row : run.get_array()) {
      const json::object* object = row.if_object();
      if (!object || object->contains("output") == object->contains("error"))
        throw Invalid(fmt::format("{}[{}]", place, outputs.size()), "must have either an output or an error, not both");
      if (const json::value* output = object->if_contains("output"))
        outputs.push_back({*output, ""});
      else
        outputs.push_back({nullptr, shorten(memberText(*object, "error"), errorBytes)});
    }
  }
  return all;
}

json::object differenceOf(const std::optional<Difference>& difference) {
  if (!difference) return {};
  return {{"path", difference->path}, {"expected", difference->expected}, {"actual", difference->actual}};
}

/// Numbers of the comparison, and the rows that differ.
struct Tally {
  std::int64_t identical = 0, within = 0, different = 0, errors = 0, varying = 0;
  json::array rows;  ///< failing ones first

  void note(json::object row) {
    if (rows.size() < limits::goldenDifferences) rows.push_back(std::move(row));
  }
};

Tally tallyOf(const json::array& rows, const std::vector<std::vector<Output>>& runs, const Comparison& how) {
  Tally tally;
  json::array varying;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const json::value& expected = rows[i].as_object().at("expected");
    Agreement worst = Agreement::identical;
    json::object shown{{"row", i}};
    for (const std::vector<Output>& run : runs) {
      if (!run[i].error.empty()) {
        worst = Agreement::different;
        shown["error"] = run[i].error;
        break;
      }
      Verdict verdict = compare(expected, run[i].value, how);
      if (verdict.agreement <= worst && !(worst == Agreement::identical && verdict.difference)) continue;
      worst = verdict.agreement;
      shown["difference"] = differenceOf(verdict.difference);
    }
    if (shown.contains("error")) ++tally.errors;
    ++(worst == Agreement::identical ? tally.identical : worst == Agreement::within ? tally.within : tally.different);
    if (worst == Agreement::different) tally.note(shown);
    for (std::size_t r = 1; r < runs.size(); ++r) {
      if (!runs[0][i].error.empty() || !runs[r][i].error.empty()) continue;
      Verdict again = compare(runs[0][i].value, runs[r][i].value, {});
      if (again.agreement == Agreement::identical) continue;
      ++tally.varying;
      varying.push_back(json::object{{"row", i}, {"varies", differenceOf(again.difference)}});
      break;
    }
  }
  for (json::value& row : varying) tally.note(std::move(row.as_object()));
  return tally;
}

}  // namespace

bool isGoldenJob(const jobs::Job& job) { return job.type == modelJob || job.type == promptJob; }

jobs::Job enqueueGolden(registry::Change& change, const registry::GoldenRule& rule, const registry::Version& version,
                        const GoldenData& data) {
  json::object payload{{"asset", version.asset.id},
                       {"number", version.number},
                       {"version_digest", version.digest},
                       {"rule", rule.id},
                       {"rule_name", rule.name},
                       {"method", rule.method},
                       {"tolerance", rule.tolerance},
                       {"repeats", rule.repeats},
                       {"dataset", data.dataset},
                       {"dataset_name", data.name},
                       {"dataset_digest", data.digest},
                       {"rule_dataset_digest", rule.datasetDigest},
                       {"dataset_by", json::array(data.by.begin(), data.by.end())},
                       {"rows", data.rows}};
  bool isModel = version.asset.key.kind == registry::Kind::model;
  jobs::NewJob job{version.asset.key.workspace, std::string(isModel ? modelJob : promptJob),
                   version.asset.key.name,      version.subject(),
                   isModel ? "models" : "",     canonicalJson(payload)};
  jobs::Job queued = jobs::enqueue(change.transaction, job, change.actor.name, change.now);
  change.transaction.run(
      "INSERT INTO golden_run (rule, version, version_digest, dataset_digest, job, problem, created_at) VALUES ($1, "
      "$2, "
      "$3, $4, $5, '', $6)",
      {rule.id, version.id, version.digest, data.digest, queued.id, change.now});
  change.record(registry::Action::jobCreated, queued.workspace, fmt::format("job/{}", queued.id),
                {{"about", queued.subject}, {"rule", rule.name}});
  return queued;
}

json::object describeGolden(db::Transaction& transaction, const jobs::Job& job) {
  Work work = workOf(transaction, job);
  json::array rows;
  for (const json::value& row : work.payload.at("rows").as_array()) {
    json::object shown = row.as_object();
    shown.erase("expected");
    rows.push_back(std::move(shown));
  }
  return {{"kind", registry::kindName(work.version.asset.key.kind)},
          {"name", work.version.asset.key.name},
          {"version", work.version.number},
          {"version_digest", work.version.digest},
          {"rule", work.payload.at("rule_name")},
          {"repeats", work.payload.at("repeats")},
          {"rows", std::move(rows)}};
}

namespace {

/// Whether the rule names another version of its dataset than when it was made.
bool hasChanged(const Work& work) {
  return memberText(work.payload, "dataset_digest") != memberText(work.payload, "rule_dataset_digest");
}

/// Whether an author of the version made the data, or pointed the rule to it, after the rule was made.
bool isOfAuthor(db::Transaction& transaction, const Work& work) {
  const json::value* by = work.payload.if_contains("dataset_by");  // jobs of earlier releases do not have it
  if (!by || !hasChanged(work)) return false;
  std::set<std::string> authors = registry::authorsOf(transaction, work.version);
  return std::ranges::any_of(by->as_array(),
                             [&](const json::value& one) { return authors.contains(std::string(one.as_string())); });
}

}  // namespace

governance::Evidence acceptGolden(registry::Change& change, const jobs::Job& job, const json::value& reported,
                                  std::string_view computedBy) {
  Work work = workOf(change.transaction, job);
  const json::array& rows = work.payload.at("rows").as_array();
  auto repeats = static_cast<std::size_t>(memberInteger(work.payload, "repeats"));
  Comparison how{parseMethod(memberText(work.payload, "method")).value(),
                 parseDouble(memberText(work.payload, "tolerance")).value_or(0)};
  Tally tally = tallyOf(rows, readRuns(reported, repeats, rows.size()), how);
  json::object summary{{"rule", work.payload.at("rule_name")},
                       {"rule_id", work.payload.at("rule")},
                       {"passed", tally.different == 0},
                       {"rows", rows.size()},
                       {"identical", tally.identical},
                       {"within_tolerance", tally.within},
                       {"different", tally.different},
                       {"errors", tally.errors},
                       {"deterministic", repeats < 2 ? json::value(nullptr) : json::value(tally.varying == 0)},
                       {"varying_rows", tally.varying},
                       {"dataset", work.payload.at("dataset")},
                       {"dataset_digest", work.payload.at("dataset_digest")},
                       {"golden_changed", hasChanged(work)},
                       {"golden_by_author", isOfAuthor(change.transaction, work)}};
  json::object body = summary;
  body["dataset"] = json::object{{"name", work.payload.at("dataset_name")},
                                 {"version", work.payload.at("dataset")},
                                 {"digest", work.payload.at("dataset_digest")},
                                 {"digest_of_rule", work.payload.at("rule_dataset_digest")}};
  body["method"] = methodName(how.method);
  body["tolerance"] = how.tolerance;
  body["repeats"] = repeats;
  body["differences"] = std::move(tally.rows);
  body["computed_by"] = computedBy;
  if (const json::value* environment = reported.as_object().if_contains("environment"))
    body["environment"] = *environment;
  governance::NewEvidence made{std::string(evidenceType), true, std::move(body), std::move(summary)};
  made.job = job.id;
  governance::Evidence evidence = governance::addEvidence(change, work.version, made);
  jobs::complete(change.transaction, job, canonicalJson(json::object{{"evidence", evidence.id}}), change.now);
  return evidence;
}

std::vector<GoldenRun> goldenRuns(db::Transaction& transaction, const registry::GoldenRule& rule, std::size_t limit) {
  auto rows = transaction.query(
      "SELECT id, version, job, created_at, version_digest, dataset_digest, problem FROM golden_run WHERE rule = $1 "
      "ORDER BY id DESC LIMIT $2",
      {rule.id, static_cast<std::int64_t>(limit)});
  std::vector<GoldenRun> runs;
  while (rows.next())
    runs.push_back(
        {rows.integer(0), rows.integer(1), rows.integer(2), rows.integer(3), rows.text(4), rows.text(5), rows.text(6)});
  return runs;
}

}  // namespace regesta::evaluation::golden
