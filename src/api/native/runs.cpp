#include "api/native/runs.h"

#include <set>

#include "api/tracking_scope.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "filter/filter.h"
#include "http/conditional.h"
#include "tracking/history.h"
#include "tracking/run_keys.h"
#include "tracking/run_search.h"

namespace regesta::api::native {

namespace {

using access::Verb;

void checkColumns(const std::vector<std::string>& named) {
  for (const std::string& column : named) {
    std::string kind = column.substr(0, column.find('.'));
    if (column != "usual" && kind != "metrics" && kind != "params" && kind != "tags")
      throw Invalid("column", fmt::format("must be metrics.KEY, params.KEY, tags.KEY or usual, not '{}'", column));
  }
}

/// Which of a run's metrics, params and tags an answer has.
class Columns {
 public:
  explicit Columns(const std::vector<std::string>& named) : everything_(named.empty()) {
    for (const std::string& column : named) {
      std::size_t dot = column.find('.');
      if (dot == std::string::npos)
        whole_.insert(column);
      else
        keys_.insert(column);
    }
  }
  bool have(std::string_view kind, std::string_view key) const {
    return everything_ || whole_.contains(kind) || (!keys_.empty() && keys_.contains(fmt::format("{}.{}", kind, key)));
  }

 private:
  bool everything_;
  std::set<std::string, std::less<>> whole_, keys_;
};

TextMap chosen(const tracking::Texts& texts, std::string_view kind, const Columns& columns) {
  TextMap map;
  for (const auto& [key, value] : texts)
    if (columns.have(kind, key)) map.emplace(key, value);
  return map;
}

RunAnswer answerOf(const tracking::Run& run, const Columns& columns) {
  RunAnswer answer;
  answer.id = run.runId;
  answer.name = run.name;
  answer.experimentId = std::to_string(run.experiment);
  answer.status = tracking::statusName(run.status);
  answer.user = run.userId;
  answer.startedAt = timeText(run.startTime);
  answer.endedAt = timeText(run.endTime.value_or(0));
  for (const tracking::Metric& metric : run.metrics)
    if (columns.have("metrics", metric.key))
      answer.metrics.push_back({metric.key, metric.value, metric.timestamp, metric.step});
  answer.params = chosen(run.params, "params", columns);
  answer.tags = chosen(run.tags, "tags", columns);
  answer.artifactUri = run.artifactUri;
  for (const tracking::DatasetInput& input : run.links.inputs) answer.datasets.push_back({input.name, input.digest});
  for (const tracking::ModelOutput& output : run.links.outputs) answer.loggedModels.push_back(output.modelId);
  answer.sealedDigest = optionalText(run.sealedDigest);
  answer.deleted = run.deleted;
  return answer;
}

/// Those that are named (all, when none is) and that the caller may read.
std::vector<std::int64_t> experimentsOf(db::Transaction& transaction, const Call& call, const std::string& named) {
  std::vector<std::int64_t> ids;
  if (named.empty()) {
    for (const auto& experiment : tracking::listExperiments(transaction, call.workspace, tracking::View::activeOnly))
      ids.push_back(experiment.id);
    return api::readable(call, transaction, std::move(ids));
  }
  auto found = tracking::findExperimentByName(transaction, call.workspace, named);
  if (!found)
    if (auto id = parseInteger(named)) found = tracking::findExperiment(transaction, call.workspace, *id);
  if (!found || !call.identity->may(Verb::read, call.workspace, found->name))
    throw error(Code::notFound, "the experiment '{}' does not exist", named);
  return {found->id};
}

std::optional<std::string> experimentName(db::Transaction& transaction, const Call& call, std::int64_t id) {
  auto experiment = tracking::findExperiment(transaction, call.workspace, id);
  return experiment ? std::optional(experiment->name) : std::nullopt;
}

tracking::Run readableRun(db::Transaction& transaction, const Call& call, std::string_view runId) {
  requireRun(call, Verb::read, transaction, runId);
  return tracking::getRun(transaction, call.workspace, runId);
}

/// The revision of the runs that an answer depends on: each write increments it.
class Fingerprint {
 public:
  void add(const tracking::Run& run) { add(fmt::format("{} {} {}\n", run.runId, run.revision, run.sealedRevision)); }
  void add(std::string_view text) { hash_.update(text); }
  std::string etag() { return fmt::format("\"{}\"", crypto::hex(hash_.finish()).substr(0, 32)); }

 private:
  crypto::Sha256 hash_;
};

/// True when the caller has this answer already: then it is 304, and what the handler returns is not sent.
bool answeredBefore(Call& call, Fingerprint& fingerprint) {
  std::string etag = fingerprint.etag();
  call.headers.set("ETag", etag);
  call.headers.set("Cache-Control", "private, no-cache");
  bool known = http::evaluateConditions(call.http, {etag, std::nullopt}) == http::Condition::notModified;
  if (known) call.status = 304;
  return known;
}

tracking::RunSearch searchOf(db::Transaction& transaction, const Call& call, const RunQuery& query) {
  if (query.offset > 0 && !query.pageToken.empty()) throw Invalid("offset", "must not be given with page_token");
  tracking::RunSearch search;
  search.experiments = experimentsOf(transaction, call, query.experiment);
  search.filter = query.filter;
  search.orderBy = query.order;
  search.maxResults = static_cast<std::int64_t>(rowsOf(query.pageSize));
  search.pageToken = query.offset > 0 ? filter::pageToken(query.offset) : query.pageToken;
  return search;
}

std::vector<RunKeyCount> wireOf(const std::vector<tracking::KeyCount>& counts) {
  std::vector<RunKeyCount> keys;
  for (const tracking::KeyCount& count : counts) keys.push_back({count.key, count.runs});
  return keys;
}

/// The named columns; "usual": those that most of the newest runs have.
std::vector<std::string> columnsOf(db::Transaction& transaction, const Call& call, const tracking::RunSearch& search,
                                   const std::vector<std::string>& named) {
  auto usual = std::ranges::find(named, "usual");
  if (usual == named.end()) return named;
  std::vector<std::string> columns(named.begin(), usual);
  auto keys = tracking::runKeys(transaction, call.workspace, search.experiments, limits::runsForUsual);
  auto add = [&](std::string_view kind, const std::vector<tracking::KeyCount>& counts) {
    for (std::size_t i = 0; i < std::min(counts.size(), limits::usualColumns); ++i)
      columns.push_back(fmt::format("{}.{}", kind, counts[i].key));
  };
  add("metrics", keys.metrics);
  add("params", keys.params);
  std::remove_copy(usual + 1, named.end(), std::back_inserter(columns), "usual");
  if (columns.empty()) columns.emplace_back("metrics");  // none would mean all
  return columns;
}

std::size_t pointsOf(const CurveQuery& query, std::size_t metrics) {
  constexpr std::size_t usual = 500;
  std::size_t curves = query.run.size() * metrics;
  // A caller who named neither metrics nor points cannot know their number.
  if (query.metric.empty() && query.points == 0)
    return std::clamp<std::size_t>(limits::curvePoints / std::max<std::size_t>(1, curves), 4, usual);
  std::size_t points = query.points > 0 ? static_cast<std::size_t>(query.points) : usual;
  if (curves * points > limits::curvePoints)
    throw Invalid("points", fmt::format("{} runs with {} metrics make more than {} points; ask for fewer of each",
                                        query.run.size(), metrics, limits::curvePoints));
  return points;
}
std::vector<std::string> metricsOf(const CurveQuery& query, const std::vector<tracking::Run>& runs) {
  if (!query.metric.empty()) return query.metric;
  return tracking::commonestMetrics(runs, query.top > 0 ? static_cast<std::size_t>(query.top) : limits::curveTop);
}

Curve curveOf(const std::string& run, const std::string& metric, const std::vector<tracking::Metric>& points) {
  Curve curve{.run = run, .metric = metric};
  for (const tracking::Metric& point : points) {
    curve.steps.push_back(point.step);
    curve.times.push_back(point.timestamp);
    curve.values.push_back(point.value);
  }
  return curve;
}

}  // namespace

RunPage listRuns(Call& call, const RunQuery& query) {
  checkColumns(query.column);
  RunPage page;
  std::vector<std::string> columns;
  std::optional<Columns> shown;
  auto found = call.core.store.read([&](db::Transaction& transaction) {
    tracking::RunSearch search = searchOf(transaction, call, query);
    columns = columnsOf(transaction, call, search, query.column);
    shown.emplace(columns);
    if (query.total) page.total = tracking::countRuns(transaction, call.workspace, search);
    return tracking::searchRuns(transaction, call.workspace, search);
  });
  Fingerprint fingerprint;
  for (const tracking::Run& run : found.items) fingerprint.add(run);
  fingerprint.add(fmt::format("{} {} {}", found.nextPageToken, page.total.value_or(-1), fmt::join(columns, "\n")));
  if (answeredBefore(call, fingerprint)) return page;
  for (const tracking::Run& run : found.items) page.items.push_back(answerOf(run, *shown));
  if (columns != query.column) page.columns = columns;
  page.nextPageToken = optionalText(found.nextPageToken);
  return page;
}

RunAnswer getRun(Call& call, const RunPath& path) {
  std::optional<std::string> experiment;
  tracking::Run run = call.core.store.read([&](db::Transaction& transaction) {
    tracking::Run found = readableRun(transaction, call, path.id);
    experiment = experimentName(transaction, call, found.experiment);
    return found;
  });
  Fingerprint fingerprint;
  fingerprint.add(run);
  fingerprint.add(experiment.value_or(""));
  if (answeredBefore(call, fingerprint)) return {};
  RunAnswer answer = answerOf(run, Columns({}));
  answer.experiment = experiment;
  return answer;
}

RunKeysAnswer listRunKeys(Call& call, const RunKeysQuery& query) {
  auto keys = call.core.store.read([&](db::Transaction& transaction) {
    return tracking::runKeys(transaction, call.workspace, experimentsOf(transaction, call, query.experiment),
                             limits::runsForKeys);
  });
  return {keys.runs, wireOf(keys.metrics), wireOf(keys.params), wireOf(keys.tags)};
}

Curves getCurves(Call& call, const CurveQuery& query) {
  return call.core.store.read([&](db::Transaction& transaction) {
    Curves curves;
    Fingerprint fingerprint;
    std::vector<tracking::Run> runs;
    for (const std::string& run : query.run) {
      runs.push_back(readableRun(transaction, call, run));
      fingerprint.add(runs.back());
    }
    std::vector<std::string> metrics = metricsOf(query, runs);
    std::size_t points = pointsOf(query, metrics.size());
    if (answeredBefore(call, fingerprint)) return curves;
    for (const std::string& run : query.run)
      for (const std::string& metric : metrics) {
        auto curve = tracking::metricCurve(transaction, call.workspace, run, metric, points);
        if (!curve.empty()) curves.items.push_back(curveOf(run, metric, curve));
      }
    return curves;
  });
}

}  // namespace regesta::api::native
